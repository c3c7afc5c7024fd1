"""The organization's route: the same GET over the projects that the caller sees (contract 5)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from issues.models import Issue
from projects.models import Organization, Project, Team, User
from tests.api_client import Api
from tests.factories import IssueFactory, OrganizationMemberFactory, ProjectFactory

pytestmark = pytest.mark.django_db

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
RESOLVE = {"status": "resolved"}


def ids_of(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return sorted(int(item["id"]) for item in response.json())


# ---------------------------------------------------------------------------------------------------------------------
# GET
# ---------------------------------------------------------------------------------------------------------------------


def test_lists_the_issues_of_all_its_projects(api: Api, pump: Issue, mover: Issue, stranger: Issue) -> None:
    response = api.get(ISSUES)

    assert ids_of(response) == [pump.pk, mover.pk]
    assert response.headers["X-Hits"] == "2"
    assert {item["project"]["slug"] for item in response.json()} == {"pump-station", "prime-mover"}


def test_lists_the_same_items_as_the_project_does(api: Api, pump: Issue) -> None:
    assert api.get(ISSUES, auth="jane").json() == api.get(api.issues_url, auth="jane").json()


@pytest.mark.parametrize(("narrowed", "count"), [(["pump"], 1), (["mover"], 1), (["pump", "mover"], 2)])
def test_lists_the_issues_of_projects_that_are_named(
    api: Api, pump: Issue, mover: Issue, narrowed: list[str], count: int
) -> None:
    named = {"pump": pump, "mover": mover}

    query = "&".join(f"project={named[name].project_id}" for name in narrowed)
    response = api.get(ISSUES, raw_query=query)

    assert ids_of(response) == [named[name].pk for name in narrowed]
    assert response.headers["X-Hits"] == str(count)


def test_lists_only_projects_that_the_caller_sees(
    api: Api, organization: Organization, team: Team, sam: User, closed_project: Project, pump: Issue
) -> None:
    organization.open_membership = False
    organization.save()
    team.members.add(sam)
    hidden = IssueFactory(project=closed_project)

    assert ids_of(api.get(ISSUES, auth="sam")) == [pump.pk]
    assert ids_of(api.get(ISSUES, auth="jane")) == [pump.pk, hidden.pk]
    assert ids_of(api.get(ISSUES, auth="key")) == [pump.pk, hidden.pk]
    response = api.get(ISSUES, raw_query=f"project={closed_project.pk}", auth="sam")
    assert (response.status_code, response.json()) == (
        400,
        {"project": [f"There is no project {closed_project.pk} here."]},
    )


def test_is_about_its_own_projects_whatever_else_the_caller_sees(
    api: Api, jane: User, stranger_project: Project, pump: Issue, stranger: Issue
) -> None:
    """Jane belongs to both organizations."""
    OrganizationMemberFactory(organization=stranger_project.organization, user=jane)

    assert ids_of(api.get(ISSUES, auth="jane")) == [pump.pk]
    assert api.get(ISSUES, raw_query=f"project={stranger_project.pk}", auth="jane").status_code == 400
    response = api.put(ISSUES, RESOLVE, ids=[pump.pk, stranger.pk], auth="jane")
    assert (response.status_code, response.headers["Issues-Out-Of-Scope"]) == (204, str(stranger.pk))
    assert api.delete(ISSUES, ids=[stranger.pk], auth="jane").headers["Issues-Out-Of-Scope"] == str(stranger.pk)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_is_not_there_for_strangers(api: Api, pump: Issue, method: str) -> None:
    response = api.request(method, ISSUES, RESOLVE, ids=[pump.pk], auth="kit")

    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("word", ["pump-station", "-2", "-01", "0", "", "9223372036854775808"])
def test_refuses_a_project_that_is_no_id(api: Api, pump: Issue, word: str) -> None:
    response = api.get(ISSUES, raw_query=f"project={word}")

    assert (response.status_code, response.json()) == (
        400,
        {"project": [f'"{word}" is not an id; ids are whole numbers from 1 to 9223372036854775807.']},
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["recent", "old"]),
        ("statsPeriod=", ["recent", "old"]),
        ("statsPeriod=24h", ["recent"]),
        ("statsPeriod=1381m", ["recent"]),
        ("statsPeriod=1379m", []),
        ("statsPeriod=82801s", ["recent"]),
        ("statsPeriod=14d", ["recent"]),
        ("statsPeriod=90d", ["recent", "old"]),
        ("statsPeriod=24h&query=", ["recent"]),
        ("groupStatsPeriod=24h", ["recent", "old"]),
    ],
)
def test_a_period_that_is_given_narrows_the_list(api: Api, project: Project, query: str, found: list[str]) -> None:
    now = timezone.now()
    issues = {
        "recent": IssueFactory(project=project, own_last_seen=now - timedelta(hours=23)),
        "old": IssueFactory(
            project=project, own_first_seen=now - timedelta(days=80), own_last_seen=now - timedelta(days=20)
        ),
    }

    response = api.get(ISSUES, raw_query=query)

    assert ids_of(response) == [issues[name].pk for name in found]
    assert response.headers["X-Hits"] == str(len(found))


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user"])
def test_walks_the_pages_of_several_projects_in_one_order(
    api: Api, project: Project, other_project: Project, sort: str
) -> None:
    column = {"date": "last_seen", "new": "first_seen", "freq": "times_seen", "user": "users_seen"}[sort]
    now = timezone.now()
    for number in range(14):
        IssueFactory(
            project=[project, other_project][number % 2],
            own_first_seen=now - timedelta(days=1 + number % 3),
            own_last_seen=now - timedelta(minutes=number % 5),
            own_times_seen=number % 4,
            own_users_seen=number % 3,
        )

    walked: list[int] = []
    cursor = ""
    while True:
        response = api.get(ISSUES, raw_query=f"query=&sort={sort}&limit=4&cursor={cursor}")
        walked += [int(item["id"]) for item in response.json()]
        following = response.headers["Link"].split(", ")[1]
        if 'results="false"' in following:
            break
        cursor = following.split('cursor="')[1].rstrip('"')

    assert walked == list(Issue.objects.order_by(f"-{column}", "-id").values_list("id", flat=True))


def test_lists_with_as_many_statements_for_many_projects_as_for_one(
    api: Api, organization: Organization, pump: Issue
) -> None:
    with CaptureQueriesContext(connection) as for_one:
        api.get(ISSUES, auth="jane")
    for _ in range(10):
        IssueFactory(project=ProjectFactory(organization=organization))

    with CaptureQueriesContext(connection) as for_many:
        response = api.get(ISSUES, auth="jane")

    assert len(ids_of(response)) == 11
    assert len(for_many) == len(for_one)
