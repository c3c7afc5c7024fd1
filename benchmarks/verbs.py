"""What is measured: each change with its body over HTTP, its call of the service, and its floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks import floor
from issues.mutation import IssueMutation, IssueScope
from issues.services import bulk, deletion
from issues.views.wishes import read_wish
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project

MINUTES = 60  # for how long "ignored" lasts
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """One change. The issues are unresolved, private, nobody's, unmarked and unmerged before, but for ``first``."""

    name: str
    floor: floor.Floor
    body: Body = field(default_factory=dict)
    first: Body | None = None  # done to the issues beforehand, outside of what is measured
    method: str = "PUT"
    least: int = 1  # of how many issues it can be asked

    @property
    def deletes(self) -> bool:
        return self.method == "DELETE"


RESOLVE = Verb("resolve", floor.resolve, {"status": "resolved"})
UNRESOLVE = Verb("unresolve", floor.unresolve, {"status": "unresolved"}, first={"status": "resolved"})
MERGE = Verb("merge", floor.merge, {"merge": True}, least=2)
ALL_KEYS = Verb(
    "all keys",
    floor.all_keys,
    {
        "status": "ignored",
        "statusDetails": {"ignoreDuration": MINUTES},
        "assignedTo": "jane",
        "isPublic": True,
        "hasSeen": True,
        "isBookmarked": True,
        "isSubscribed": True,
        "merge": True,
    },
)
VERBS = (
    RESOLVE,
    UNRESOLVE,
    Verb("ignore", floor.ignore, {"status": "ignored", "ignoreDuration": MINUTES}),
    Verb("assign", floor.assign, {"assignedTo": "jane"}),
    Verb("bookmark", floor.bookmark, {"isBookmarked": True}),
    Verb("seen", floor.mark_seen, {"hasSeen": True}),
    Verb("share", floor.share, {"isPublic": True}),
    MERGE,
    Verb("unmerge", floor.unmerge, {"merge": False}, first={"merge": True}, least=2),
    # With some history to delete.
    Verb("delete", floor.delete, first={"status": "resolved"}, method="DELETE"),
    ALL_KEYS,
)


def parse(body: Body, project: Project, *, at: datetime) -> IssueMutation:
    """Return the body as the view hands it to the service."""
    return read_wish(dict(body), organization_id=project.organization_id, projects=[project], by=Caller(), at=at)


def ask_service(scope: IssueScope, mutation: IssueMutation | None, act: Act) -> int:
    """Do it in this process; return how many issues changed.

    :param mutation: None for a deletion.
    """
    if mutation is None:
        return deletion.delete(scope, act).changed
    return bulk.mutate(scope, mutation, act).changed


def work(verb: Verb, project_id: int, ids: Sequence[int] | None, *, user_id: int, at: datetime) -> floor.Work:
    """Return what the floor is told. The user assigns to themselves."""
    return floor.Work(
        project_id=project_id,
        ids=ids,
        user_id=user_id,
        at=at,
        body=verb.body,
        assignee_id=user_id,
        until=at + timedelta(minutes=MINUTES),
    )
