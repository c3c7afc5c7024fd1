"""A life through the services."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from issues.enums import IssuePriority, IssueStatus
from issues.models import Issue, IssueHash
from issues.mutation import Assignee, Assignment, Ignore, NamedRelease, ReleaseChange, Resolve, SnoozeTerms, Unresolve
from issues.services import notes, releases
from projects.callers import Caller
from projects.models import Project, Team, User
from tests.acts import act
from tests.factories import (
    NOW,
    ApiKeyFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
    TeamFactory,
)
from tests.issues.services.calls import ask, delete, undo
from tests.issues.services.occurrences.batches import count, event


@pytest.fixture
def life(project: Project, other_project: Project, jane: User, sam: User, team: Team) -> None:
    """Issues 1 to 12 of the pump station and 13 of the prime mover, with all that can happen to them.

    Into 1 are merged 2, and 3 with 4 under it; into 8 is merged 9, which 10 has left. 6 and 7 were merged and came
    back. 11 was deleted. 14 and 15 are again as they were, but for 14's assignee; 15 was resolved since, and 10 was
    ignored, and events opened both again.
    """
    by = Caller(user=jane)
    strangers = TeamFactory(slug="strangers")
    ApiKeyFactory(organization=strangers.organization)
    older, newer = (ReleaseFactory(projects=[project], version=version) for version in ("1.0", "1.1"))
    for number in range(1, 13):
        issue = IssueFactory(
            pk=number,
            project=project,
            own_first_seen=NOW - timedelta(days=20 - number),
            own_times_seen=number,
            own_first_release=older if number % 3 else None,
            own_last_release=newer if number % 2 else None,
        )
        IssueHashFactory(issue=issue)
        IssueHourFactory(issue=issue, own_count=number, hour=NOW - timedelta(hours=number % 3))
        IssueSeenFactory(issue=issue, user=sam)
        IssueBookmarkFactory(issue=issue, user=sam)
        IssueSubscriptionFactory(issue=issue, user=sam)
    IssueHashFactory(issue=IssueFactory(pk=13, project=other_project))
    for number in (14, 15):
        IssueHashFactory(
            issue=IssueFactory(pk=number, project=project, public=True, assignee_team=team, own_times_seen=number)
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('issues_issue', 'id'), 15)")

    for number in (1, 2, 2):
        assert notes.add(Issue.objects.get(pk=number), "The pump.", act(Caller(user=sam)))
    ask(project, [5], by=by, status=Resolve(), is_public=True, is_subscribed=True, has_seen=True)
    ask(project, [5, 6], by=by, status=Resolve(in_release=NamedRelease(older.pk, "1.0")), is_bookmarked=True)
    ask(project, [7, 9], by=by, status=Ignore())
    ask(project, None, by=by, status=Unresolve(), statuses=[IssueStatus.IGNORED])
    ask(project, [7], by=by, status=Ignore(SnoozeTerms(until=NOW + timedelta(hours=1), count=5, user_count=5)))
    ask(project, [9], by=by, status=Ignore(SnoozeTerms(count=5, window=60, user_count=5, user_window=60)))
    ask(project, [1, 2], by=by, assignment=Assignment(Assignee("user", sam.pk, "sam")))
    ask(project, [2, 3], by=by, assignment=Assignment(Assignee("team", team.pk, team.slug)), is_public=True)
    ask(project, [3, 8], by=by, assignment=Assignment(None), is_public=False, status=Unresolve())
    ask(project, [8], by=by, status=Resolve(in_next_release=True))
    releases.save(
        "1.2",
        ReleaseChange(project_ids=frozenset({project.pk})),
        act(at=NOW + timedelta(seconds=1)),
        seen_in=[project.pk],
    )
    ask(project, [12], by=Caller(), status=Resolve(in_next_release=True))
    ask(project, [3, 4], by=by, merge=True)
    ask(project, [1, 2, 3], by=by, merge=True, status=Ignore())
    ask(project, [6, 7], by=by, merge=True)
    ask(project, [6], by=by, merge=False)
    ask(project, [9, 10], by=by, merge=True)
    ask(project, [8, 9], by=by, merge=True)
    ask(project, [10], by=by, merge=False)
    ask(other_project, None, by=Caller(), status=Ignore())
    delete(project, [11], by=by)
    wishes: dict[str, Any] = {
        "assignment": Assignment(None),
        "is_public": False,
        "is_bookmarked": True,
        "is_subscribed": True,
    }
    everything = ask(project, [14, 15], by=by, status=Resolve(), merge=True, has_seen=True, **wishes)
    undone = undo(project, everything, by=Caller())
    again = undo(project, undone, by=by)
    ask(project, [14], by=by, assignment=Assignment(Assignee("user", sam.pk, "sam")))
    undo(project, again, by=by)
    looked_at = ask(project, [6, 7], by=by, has_seen=True, is_bookmarked=True, is_subscribed=True)
    undo(project, undo(project, looked_at, by=by), by=by)
    ask(project, [12], by=by, priority=IssuePriority.HIGH)
    ask(project, [15], by=by, status=Resolve())
    ask(project, [10], by=by, status=Ignore(SnoozeTerms(until_escalating=True)))
    for pk, times in ((15, 1), (10, 21)):  # of 10, twice what there were in an hour, and one
        came = event(at=NOW + timedelta(minutes=1))
        count(project, *[came._replace(hash=UUID(hash_of(pk)))] * times, check=False)
    ask(project, [10], by=by, priority=IssuePriority.LOW)


def hash_of(pk: int) -> str:
    return IssueHash.objects.get(issue=pk).hash
