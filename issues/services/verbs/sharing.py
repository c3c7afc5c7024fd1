"""The public link of an issue: there, with a secret of its own, or gone."""

import secrets
from typing import TypedDict
from uuid import UUID

from django.db.models.expressions import RawSQL

from issues.conditions import condition
from issues.enums import ActivityKind
from issues.models import Issue
from issues.named import Names
from issues.services.ground.activity import Change
from issues.services.ground.parts import Checked, Part, State, Told, equal
from issues.services.ground.targets import NamedTargets
from projects.acting import Act
from projects.json_schema import TRUTH, about


def change(project_id: int, is_public: bool, act: Act) -> Change:
    """Make an issue public or private."""
    return publish() if is_public else withdraw()


# In the form of a random one, version 4 (RFC 9562): 120 bits are left.
_LINK = "overlay(overlay(md5(issues_issue.id::text || %s) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid"


def publish() -> Change:
    """Give an issue a link that can't be guessed; one that exists is kept."""
    return Change(
        condition("issues_issue.share_id IS NULL"),
        # Of the issue's id and one secret for all, which nobody keeps: where tables are divided among servers, UPDATE
        # takes no gen_random_uuid(). Who knows one of these links, and every id, can guess no other.
        {"share_id": RawSQL(_LINK, (f"/{secrets.token_hex(32)}",))},
        ActivityKind.SET_PUBLIC,
    )


def withdraw() -> Change:
    """Take the link away, for good: a later one is another."""
    return Change(condition("issues_issue.share_id IS NOT NULL"), {"share_id": None}, ActivityKind.SET_PRIVATE)


def link_of(targets: NamedTargets) -> UUID | None:
    """Return the share id of the one target there is."""
    issues = Issue.objects.with_ids(targets.project_id, targets.ids)
    share_id: UUID | None = issues.values_list("share_id", flat=True).get()
    return share_id


class Shown(TypedDict):
    """What answers say of it."""

    isPublic: bool


def answered(is_public: bool) -> Shown:
    """Return what an answer says of a wish."""
    return {"isPublic": is_public}


def shown(state: State, names: Names) -> Shown:
    """Return what an answer says of an issue."""
    return {"isPublic": state.share_id is not None}


PART = Part(
    name="share",
    columns=("share_id",),
    wish="is_public",
    change=change,
    asked={"isPublic": about(TRUTH, "Sets the issue to public or private.")},
    answered=answered,
    shown=shown,
    told={
        ActivityKind.SET_PUBLIC: Told("share", "made its share link"),
        ActivityKind.SET_PRIVATE: Told("lock", "withdrew its share link"),
    },
    checked=Checked(
        name="links",
        holds="an issue has a public link if its newest activity about that says so",
        left={
            ActivityKind.SET_PUBLIC: "issue.share_id IS NOT NULL",
            ActivityKind.SET_PRIVATE: "issue.share_id IS NULL",
        },
        overwrote={
            ActivityKind.SET_PUBLIC: "before_share_id IS NOT NULL",
            ActivityKind.SET_PRIVATE: "before_share_id IS NULL",
        },
        lacks="kind = 'set_private' AND before_share_id IS NULL",
    ),
    same=equal(("share_id",)),
    kind="CASE WHEN back.share_id IS NULL THEN 'set_private' ELSE 'set_public' END",
    data="'{}'::jsonb",
    # A link is random and only ever comes back to the issue that it was of: no other can have it.
    allowed="true",
)
