"""What tests of several routes have in common."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Organization, Project, Team, User
from tests.api.desk import Desk
from tests.api.kept import SENT
from tests.api_client import Api
from tests.events.reading.telling import tell
from tests.factories import (
    NOW,
    ActivityFactory,
    ClientKeyFactory,
    IssueBookmarkFactory,
    IssueFactory,
    MutationFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
)
from tests.factories.events import keep_event_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def words(project: Project, jane: User) -> dict[str, str]:
    """What stands for each part of a route, all of which exist."""
    issue = IssueFactory(project=project, short_number=42, public=True, own_comment_count=1)
    assert issue.share_id is not None
    event_id = keep_event_of(issue, event_id=UUID(int=2**100))
    return {
        "organization": project.organization.slug,
        "project": project.slug,
        "team": project.teams.get().slug,
        "issue": str(issue.pk),
        "note": str(ActivityFactory(issue=issue, user=jane, note=True).pk),
        "event": event_id.hex,
        "key": "level",
        "client_key": ClientKeyFactory(project=project).key,
        "mutation": str(MutationFactory(project=project).pk),
        "share_id": issue.share_id.hex,
        "version": ReleaseFactory(projects=[project]).version,
    }


@pytest.fixture
def at() -> datetime:
    return timezone.now()


@pytest.fixture
def cast(project: Project, jane: User, sam: User, team: Team, other_team: Team, at: datetime) -> dict[str, Issue]:
    """One issue for each thing that can be asked for, last seen one after the other."""
    old, new = ReleaseFactory(version="web@1.0", projects=[project]), ReleaseFactory(version="1.1", projects=[project])
    columns: dict[str, dict[str, Any]] = {
        "plain": {"text__title": "TypeError: pump 3 stalled", "text__culprit": "station.motor in spin"},
        "resolved": {"resolved": True, "text__title": "PUMP_failure 100%", "own_times_seen": 50, "own_users_seen": 2},
        "ignored": {"ignored": True, "level": "fatal", "priority": "high", "own_times_seen": 100},
        "ended": {"ignored": True, "snooze_ends_at": at - HOUR, "logger": "Root.Motor"},
        "ended by count": {"ignored": True, "snooze_ends_at_times_seen": 1, "own_users_seen": 9},
        "of jane": {"assignee_user": jane, "platform": "python", "text__culprit": "back\\slash 'quote\""},
        "of sam": {"assignee_user": sam, "own_first_release": old, "own_last_release": new},
        "of the team": {"assignee_team": team, "own_first_release": new, "own_last_release": new},
        "of the other team": {"assignee_team": other_team, "level": "warning", "priority": "low"},
        "public": {"public": True, "own_first_seen": at - 20 * DAY},
    }
    made = {}
    for number, (name, values) in enumerate(columns.items()):
        seen = {"own_first_seen": at - (10 - number) * HOUR * 10, "own_last_seen": at - number * HOUR - HOUR / 2}
        made[name] = IssueFactory(project=project, **(seen | values))
    IssueFactory(merged_into=made["plain"], text__title="pump, but merged", level="fatal", public=True)
    IssueBookmarkFactory(issue=made["plain"], user=jane)
    IssueBookmarkFactory(issue=made["of sam"], user=jane)
    IssueBookmarkFactory(issue=made["of sam"], user=sam)
    IssueBookmarkFactory(issue=made["public"], user=sam)
    return made


@pytest.fixture
def closed(organization: Organization, sam: User) -> Organization:
    """Members see their teams' projects only: sam none."""
    Organization.objects.filter(pk=organization.pk).update(open_membership=False)
    return organization


@pytest.fixture
def hidden(organization: Organization) -> Project:
    """A project of no team."""
    return ProjectFactory(organization=organization, slug="black-box", name="Black Box")


@pytest.fixture
def sam_on_the_team(closed: Organization, team: Team, sam: User) -> User:
    """Sam, on the team now: sees its projects, and not the hidden one."""
    team.members.add(sam)
    return sam


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project, short_number=42)


@pytest.fixture
def neighbour(project: Project) -> Issue:
    """What no request of a test names."""
    return IssueFactory(project=project, short_number=1)


@pytest.fixture
def tree(issue: Issue) -> dict[str, Issue]:
    """The issue as root, a child under it and a grandchild under that."""
    child = IssueFactory(merged_into=issue, short_number=2)
    return {"root": issue, "child": child, "grandchild": IssueFactory(merged_into=child, short_number=3)}


@pytest.fixture
def pump(project: Project) -> Issue:
    return IssueFactory(project=project)


@pytest.fixture
def mover(other_project: Project) -> Issue:
    return IssueFactory(project=other_project)


@pytest.fixture
def stranger(stranger_project: Project) -> Issue:
    return IssueFactory(project=stranger_project)


@pytest.fixture
def closed_project(organization: Organization) -> Project:
    """Of a team that neither jane nor sam is on; with closed membership only jane, who is an owner, sees it."""
    return ProjectFactory(teams=[TeamFactory(organization=organization)])


@pytest.fixture
def desk(api: Api) -> Desk:
    return Desk(api)


@pytest.fixture
def few(project: Project) -> Issue:
    """The older one, of five events and two users: merged with the other, it is the parent."""
    return IssueFactory(project=project, own_first_seen=NOW.replace(year=2025), own_times_seen=5, own_users_seen=2)


@pytest.fixture
def many(project: Project) -> Issue:
    return IssueFactory(project=project, own_times_seen=45, own_users_seen=20)


@pytest.fixture
def sent(project: Project) -> Issue:
    """The issue of an event of which all is known."""
    ReleaseFactory(projects=[project], version="1.0.0")
    tell(project, SENT)
    return Issue.objects.get()
