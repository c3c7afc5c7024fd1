"""The public link of an issue: there, with a secret of its own, or gone."""

from datetime import datetime
from uuid import UUID

from django.db.models.expressions import RawSQL

from issues.enums import ActivityKind
from issues.querysets import condition
from issues.services.ground import activity
from issues.services.ground.activity import Rewritten
from issues.services.ground.parts import Checked, Documented, Part, Told, equal
from issues.services.ground.targets import Targets
from projects.callers import Caller
from projects.json_schema import TRUTH, about

PART = Part(
    name="share",
    columns=("share_id",),
    wish="is_public",
    answered=lambda wish: {"isPublic": wish.is_public},
    shown=lambda state, names: {"isPublic": state.share_id is not None},
    documented=Documented(
        asked={"isPublic": about(TRUTH, "Sets the issue to public or private.")}, shown={"isPublic": TRUTH}
    ),
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


def change(targets: Targets, is_public: bool, *, by: Caller, at: datetime) -> Rewritten:
    """Make the targets public or private."""
    return publish(targets, by=by, at=at) if is_public else withdraw(targets, by=by, at=at)


def publish(targets: Targets, *, by: Caller, at: datetime) -> Rewritten:
    """Give each of the targets a link that can't be guessed; one that exists is kept."""
    return activity.rewrite(
        targets,
        where=condition("issues_issue.share_id IS NULL"),
        columns={"share_id": RawSQL("gen_random_uuid()", ())},
        kind=ActivityKind.SET_PUBLIC,
        data={},
        by=by,
        at=at,
    )


def withdraw(targets: Targets, *, by: Caller, at: datetime) -> Rewritten:
    """Take the links away, for good: a later one is another."""
    return activity.rewrite(
        targets,
        where=condition("issues_issue.share_id IS NOT NULL"),
        columns={"share_id": None},
        kind=ActivityKind.SET_PRIVATE,
        data={},
        by=by,
        at=at,
    )


def link_of(targets: Targets, *, at: datetime) -> UUID | None:
    """Return the share id of the one target there is."""
    share_id: UUID | None = targets.issues(at=at).values_list("share_id", flat=True).get()
    return share_id
