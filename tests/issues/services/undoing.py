"""A mutation to take back, and what is compared then."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from issues.enums import IssuePriority
from issues.mutation import (
    Assignee,
    Assignment,
    Ignore,
    MutationOutcome,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    UndoOutcome,
    Unresolve,
)
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import snapshot
from tests.factories import (
    NOW,
)
from tests.issues.services import calls

LATER, LATER_STILL, AT_LAST = (NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3))
UNTIL_TOMORROW = SnoozeTerms(until=NOW + timedelta(days=1), user_count=10)


def undo(project: Project, outcome: MutationOutcome, *, by: Caller, at: Any = LATER, **how: Any) -> UndoOutcome:
    return calls.undo(project, outcome, by=by, at=at, **how)


def state(*, ignoring: Iterable[str] = ()) -> dict[str, Any]:
    """Return everything but history, stamps, ended subscriptions, and the ids and times of rows that came again."""
    tables = snapshot()
    for table in ("issues_activity", "issues_mutation"):
        del tables[table]
    return {
        table: sorted(
            (
                {
                    name: value
                    for name, value in row.items()
                    if name not in {"mutation_id", "created_at", *ignoring}
                    and not (table != "issues_issue" and name == "id")
                }
                for row in rows.values()
                if row.get("is_active", True)
            ),
            key=repr,
        )
        for table, rows in tables.items()
    }


def wishes_of(project: Project) -> dict[str, dict[str, Any]]:
    release = Release.objects.get(version="1.0.0")
    jane = User.objects.get(username="jane")
    team = Team.objects.get(slug="powerful-abolitionist")
    return {
        "resolve": {"status": Resolve()},
        "resolve in a release": {"status": Resolve(in_release=NamedRelease(release.pk, release.version))},
        "resolve in the next release": {"status": Resolve(in_next_release=True)},
        "unresolve": {"status": Unresolve()},
        "ignore": {"status": Ignore()},
        "ignore until tomorrow": {"status": Ignore(UNTIL_TOMORROW)},
        "ignore with a window": {"status": Ignore(SnoozeTerms(count=5, window=60, user_count=2, user_window=5))},
        "ignore five more": {"status": Ignore(SnoozeTerms(count=5))},
        "prioritize": {"priority": IssuePriority.HIGH},
        "assign": {"assignment": Assignment(Assignee("user", jane.pk, "Jane", "jane@example.com"))},
        "assign to a team": {"assignment": Assignment(Assignee("team", team.pk, team.slug))},
        "unassign": {"assignment": Assignment(None)},
        "publish": {"is_public": True},
        "withdraw": {"is_public": False},
        "mark seen": {"has_seen": True},
        "mark unseen": {"has_seen": False},
        "add bookmark": {"is_bookmarked": True},
        "remove bookmark": {"is_bookmarked": False},
        "subscribe": {"is_subscribed": True},
        "unsubscribe": {"is_subscribed": False},
        "merge": {"merge": True},
        "unmerge": {"merge": False},
        "everything": {
            "status": Ignore(SnoozeTerms(count=5)),
            "priority": IssuePriority.LOW,
            "assignment": Assignment(Assignee("team", team.pk, team.slug)),
            "is_public": True,
            "has_seen": True,
            "is_bookmarked": True,
            "is_subscribed": True,
            "merge": True,
        },
        "everything off": {
            "status": Unresolve(),
            "assignment": Assignment(None),
            "is_public": False,
            "has_seen": False,
            "is_bookmarked": False,
            "is_subscribed": False,
            "merge": False,
        },
    }


WISHES = [
    *("resolve", "resolve in a release", "resolve in the next release", "unresolve", "ignore"),
    *("ignore until tomorrow", "ignore with a window", "ignore five more"),
    *("prioritize", "assign", "assign to a team", "unassign"),
    *("publish", "withdraw", "mark seen", "mark unseen", "add bookmark", "remove bookmark"),
    *("subscribe", "unsubscribe", "merge", "unmerge", "everything", "everything off"),
]
