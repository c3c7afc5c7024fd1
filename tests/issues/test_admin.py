"""The admin of issues: a window that opens fast, and only a window."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from issues.admin.finding import PROJECTS_IN_FILTER
from issues.admin.story import STEPS
from issues.admin.wording import LINKS
from issues.enums import ActivityKind, MutationKind, SubscriptionReason
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueSeen,
    IssueSubscription,
    IssueText,
    Mutation,
)
from projects.admin import COUNTED_AT_MOST
from projects.models import Organization, Project, Release, Team, User

pytestmark = pytest.mark.django_db

THEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
TABLES = ["issue", "activity", "mutation"]


@pytest.fixture
def operator(client: Client) -> Client:
    """A superuser's browser; without a password, whose hash would cost more than the test."""
    client.force_login(User.objects.create(username="operator", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def organization() -> Organization:
    return Organization.objects.create(slug="the-interstellar-jurisdiction", name="The Interstellar Jurisdiction")


@pytest.fixture
def project(organization: Organization) -> Project:
    return Project.objects.create(organization=organization, slug="pump-station", name="Pump Station")


@pytest.fixture
def jane() -> User:
    return User.objects.create_user("jane")


def make_issue(project: Project, **columns: Any) -> Issue:
    """Make an issue with its text; its short number counts up."""
    columns = {
        "short_number": project.issues.count() + 1,
        **dict.fromkeys(["own_first_seen", "own_last_seen", "first_seen", "last_seen"], THEN),
        **columns,
    }
    issue: Issue = project.issues.create(**columns)
    IssueText.objects.create(issue=issue, project=project, title=f"Error number {issue.short_number}", culprit="main")
    return issue


def make_mutation(project: Project, **columns: Any) -> Mutation:
    columns = {"kind": MutationKind.UPDATE, "created_at": THEN, "matched": 1, "changed": 1, **columns}
    return Mutation.objects.create(project=project, **columns)


def make_activity(issue: Issue, mutation: Mutation, **columns: Any) -> Activity:
    columns = {"kind": ActivityKind.SET_UNRESOLVED, "created_at": THEN, **columns}
    return Activity.objects.create(issue=issue, project=issue.project, mutation_id=mutation.pk, **columns)


@pytest.fixture
def full_issue(project: Project, jane: User) -> Issue:
    """An issue with a row in every table that hangs on it."""
    mutation = make_mutation(project, user=jane, ids=[1], body={"status": "unresolved"})
    team = Team.objects.create(organization=project.organization, slug="crew", name="Crew")
    share_id = UUID("00000000-0000-4000-8000-000000000001")
    issue = make_issue(project, assignee_team=team, share_id=share_id, mutation_id=mutation.pk, status_by=jane)
    make_issue(project, merged_into=issue)
    make_activity(issue, mutation, user=jane, data={"version": "1.0.0"}, before_status="ignored")
    IssueSeen.objects.create(issue=issue, project=project, user=jane, seen_at=THEN)
    IssueBookmark.objects.create(issue=issue, project=project, user=jane, created_at=THEN)
    IssueSubscription.objects.create(
        issue=issue, project=project, user=jane, reason=SubscriptionReason.BOOKMARK, created_at=THEN
    )
    IssueHash.objects.create(issue=issue, project=project, hash="c4a4d06bc314205bb3b6bdb612dde7f1")
    IssueHour.objects.create(issue=issue, project=project, hour=THEN, own_count=1, total_count=2)
    return issue


def address(table: str, page: str, *args: int) -> str:
    return reverse(f"admin:issues_{table}_{page}", args=args)


def listed(client: Client, table: str = "issue", **query: str | int) -> list[Any]:
    answer = client.get(address(table, "changelist"), query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def words_of(markup: str) -> str:
    """Return what people read."""
    return " ".join(re.sub("<[^>]*>", " ", markup).split())


def cells(page: str, column: str) -> list[str]:
    """Return what a column of a list says."""
    found = re.findall(rf'<t[dh] class="field-{column} [^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [words_of(cell) for cell in found]


def one_of(table: str) -> int:
    model = next(model for model in admin.site._registry if model._meta.label_lower == f"issues.{table}")
    pk: int = model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
    return pk


# what opens


@pytest.mark.parametrize("table", TABLES)
def test_opens_every_list_and_page(operator: Client, full_issue: Issue, table: str) -> None:
    pages = [address(table, "changelist"), address(table, "change", one_of(table))]

    assert [operator.get(page).status_code for page in pages] == [200, 200]


def test_shows_all_of_an_issue_on_its_page(operator: Client, full_issue: Issue) -> None:
    page = operator.get(address("issue", "change", full_issue.pk)).content.decode()

    shown = [
        "PUMP-STATION-1",
        "Error number 1",
        "#crew",
        "00000000-0000-4000-8000-000000000001",
        "PUMP-STATION-2",
        "reopened it",
        "was ignored",
        "Seen by",
        "Bookmarked by",
        "Followed by",
        "c4a4d06bc314205bb3b6bdb612dde7f1",
        "Events by the day",
        address("mutation", "change", full_issue.mutation_id or 0),
    ]
    assert [words for words in shown if words not in page] == []


def test_shows_where_an_issue_was_merged(operator: Client, full_issue: Issue) -> None:
    child = Issue.objects.get(merged_into=full_issue)

    page = operator.get(address("issue", "change", child.pk)).content.decode()

    assert f'<a href="{address("issue", "change", full_issue.pk)}">PUMP-STATION-1</a>' in page


def test_opens_on_an_issue_without_its_text(operator: Client, project: Project) -> None:
    issue = make_issue(project)
    IssueText.objects.all().delete()

    assert listed(operator) == [issue]
    assert operator.get(address("issue", "change", issue.pk)).status_code == 200


def test_escapes_what_events_brought_in(operator: Client, full_issue: Issue) -> None:
    IssueText.objects.update(
        title="<script>1</script>", culprit="<script>2</script>", metadata={"x": "<script>3</script>"}
    )
    Activity.objects.update(data={"x": "<script>4</script>"})
    Mutation.objects.update(body={"x": "<script>5</script>"})
    pages = [address(table, "changelist") for table in TABLES]
    pages += [address(table, "change", one_of(table)) for table in TABLES]

    shown = "".join(operator.get(page).content.decode() for page in pages)

    assert [number for number in range(1, 6) if f"<script>{number}" in shown] == []
    assert [number for number in range(1, 6) if f"&lt;script&gt;{number}" not in shown] == []


@pytest.mark.parametrize("table", TABLES)
def test_asks_as_often_for_many_rows_as_for_few(
    operator: Client, full_issue: Issue, project: Project, jane: User, table: str
) -> None:
    with CaptureQueriesContext(connection) as few:
        listed(operator, table)
    release = Release.objects.create(project=project, version="1.0.0")
    for _ in range(20):
        issue = make_issue(
            project,
            merged_into=full_issue,
            assignee_user=jane,
            status="resolved",
            resolved_at=THEN,
            resolution_kind="in_release",
            resolution_release=release,
        )
        make_activity(issue, make_mutation(project, user=jane), user=jane)

    with CaptureQueriesContext(connection) as many:
        assert len(listed(operator, table)) > 20

    assert len(many) == len(few)


def test_shows_the_newest_activities_of_a_busy_issue_and_says_so(operator: Client, full_issue: Issue) -> None:
    mutation = Mutation.objects.get()
    Activity.objects.bulk_create(
        Activity(
            issue=full_issue,
            project=full_issue.project,
            kind=ActivityKind.SET_RESOLVED,
            created_at=THEN - timedelta(days=number),  # order is by id, whatever the time says
            mutation_id=mutation.pk,
        )
        for number in range(3000)
    )

    with CaptureQueriesContext(connection) as queries:
        page = operator.get(address("issue", "change", full_issue.pk)).content.decode()

    newest = Activity.objects.order_by("-id").values_list("pk", flat=True)[:STEPS]
    shown = re.findall(r"/admin/issues/activity/([0-9]+)/change/", page)
    assert [int(pk) for pk in shown] == list(newest)
    assert f"Activity, newest first: {STEPS} rows; there are more" in page
    assert f'href="{address("activity", "changelist")}?q={full_issue.pk}"' in page
    assert len(queries) < 30


def test_shows_only_the_issues_own_activities(operator: Client, full_issue: Issue, project: Project) -> None:
    make_activity(make_issue(project), Mutation.objects.get(), data={"version": "not mine"})

    page = operator.get(address("issue", "change", full_issue.pk)).content.decode()

    assert "not mine" not in page


def test_links_to_some_of_many_children_and_says_so(operator: Client, project: Project) -> None:
    parent = make_issue(project)
    for _ in range(LINKS + 3):
        make_issue(project, merged_into=parent)

    page = operator.get(address("issue", "change", parent.pk)).content.decode()

    assert f"{LINKS} issues that were merged into it; there are more" in page
    assert page.count('/change/">PUMP-STATION-') == LINKS


def test_shows_some_of_many_ids_of_a_mutation(operator: Client, project: Project, jane: User) -> None:
    mutation = make_mutation(project, user=jane, ids=list(range(1, 1001)), statuses=["resolved"], body={"merge": True})

    page = operator.get(address("mutation", "change", mutation.pk)).content.decode()

    assert f"{LINKS}</a> and {1000 - LINKS} more" in page
    assert "&quot;merge&quot;: true" in page


def test_says_that_a_mutation_named_no_ids(operator: Client, project: Project) -> None:
    mutation = make_mutation(project, statuses=["unresolved"], body={"status": "resolved"})

    page = operator.get(address("mutation", "change", mutation.pk)).content.decode()

    assert "none given: all issues" in page


@pytest.mark.parametrize(
    ("query", "words"), [(None, "none given"), ("", "empty: no filter"), ("is:resolved <b>", "is:resolved &lt;b&gt;")]
)
def test_shows_the_query_of_a_mutation(operator: Client, project: Project, query: str | None, words: str) -> None:
    mutation = make_mutation(project, ids=[1], statuses=["unresolved"], query=query)

    page = operator.get(address("mutation", "change", mutation.pk)).content.decode()

    assert page.count(words) == 1


# what the status says


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"status": "unresolved"}, "unresolved"),
        ({"status": "resolved", "resolved_at": THEN}, "resolved"),
        (
            {"status": "resolved", "resolved_at": THEN, "resolution_kind": "in_next_release"},
            "resolved in the release after none",
        ),
        ({"status": "ignored"}, "ignored for good"),
        (
            {"status": "ignored", "snooze_ends_at": datetime(2999, 1, 31, 8, 5, tzinfo=UTC)},
            "ignored until 2999-01-31 08:05 UTC",
        ),
        (
            {"status": "ignored", "snooze_ends_at_times_seen": 9, "snooze_ends_at_users_seen": 3},
            "ignored until 9 events in all or 3 users in all",
        ),
        (
            {
                "status": "ignored",
                "snooze_window_count": 7,
                "snooze_window_minutes": 60,
                "snooze_window_user_count": 2,
                "snooze_window_user_minutes": 5,
            },
            "ignored until 7 events within 60 minutes or 2 users within 5 minutes",
        ),
        ({"status": "ignored", "snooze_ends_at": THEN}, "unresolved its snooze ran out (until 2026-05-01 12:00 UTC)"),
        (
            {"status": "ignored", "snooze_ends_at_times_seen": 5, "times_seen": 5},
            "unresolved its snooze ran out (until 5 events in all)",
        ),
    ],
)
def test_says_what_the_status_counts_as(
    operator: Client, project: Project, columns: dict[str, Any], words: str
) -> None:
    issue = make_issue(project, **columns)

    assert cells(operator.get(address("issue", "changelist")).content.decode(), "status_now") == [words]
    page = operator.get(address("issue", "change", issue.pk)).content.decode()
    assert f"Status {words} Level" in words_of(page)


def test_says_which_release_resolved_it(operator: Client, project: Project) -> None:
    release = Release.objects.create(project=project, version="1.0.0")
    resolved = {"status": "resolved", "resolved_at": THEN, "resolution_release": release}
    make_issue(project, resolution_kind="in_release", **resolved)
    make_issue(project, resolution_kind="in_next_release", **resolved)

    page = operator.get(address("issue", "changelist")).content.decode()

    assert cells(page, "status_now") == ["resolved in the release after 1.0.0", "resolved in 1.0.0"]


def test_filters_by_what_the_status_counts_as(operator: Client, project: Project) -> None:
    now = timezone.now()
    open_issue = make_issue(project)
    over = make_issue(project, status="ignored", snooze_ends_at=now - timedelta(minutes=1))
    snoozed = make_issue(project, status="ignored", snooze_ends_at=now + timedelta(days=1))
    resolved = make_issue(project, status="resolved", resolved_at=THEN)

    assert listed(operator, status="unresolved") == [over, open_issue]
    assert listed(operator, status="ignored") == [snoozed]
    assert listed(operator, status="resolved") == [resolved]


def test_says_what_who_looks_has_seen(operator: Client, project: Project, jane: User) -> None:
    me = User.objects.get(username="operator")
    for user, seen_at in ((jane, THEN), (me, THEN - timedelta(seconds=1)), (me, THEN)):
        IssueSeen.objects.create(issue=make_issue(project), project=project, user=user, seen_at=seen_at)

    page = operator.get(address("issue", "changelist")).content.decode()

    assert cells(page, "is_seen") == ["seen", "new", "new"]  # newest first: the last event was then


def test_says_what_an_issue_is_and_where(operator: Client, full_issue: Issue) -> None:
    page = operator.get(address("issue", "changelist")).content.decode()

    assert cells(page, "title_and_place") == [
        "Error number 2 PUMP-STATION-2 · merged into PUMP-STATION-1",
        "Error number 1 PUMP-STATION-1 · the-interstellar-jurisdiction",
    ]


# what is found


def test_lists_newest_first_with_merged_issues(operator: Client, full_issue: Issue) -> None:
    child = Issue.objects.get(merged_into=full_issue)

    assert listed(operator) == [child, full_issue]


def test_filters_by_project_and_level(operator: Client, organization: Organization, project: Project) -> None:
    other = Project.objects.create(organization=organization, slug="prime-mover", name="Prime Mover")
    first, second = make_issue(project), make_issue(project, level="fatal")
    elsewhere = make_issue(other, level="fatal")

    assert listed(operator, project=project.pk) == [second, first]
    assert listed(operator, level__exact="fatal") == [elsewhere, second]
    assert listed(operator, project=project.pk, level__exact="fatal") == [second]


@pytest.mark.parametrize("query", [{"project": "pump-station"}, {"project": "²"}, {"status": "open"}])
def test_shows_everything_instead_of_a_wrong_filter(operator: Client, project: Project, query: dict[str, str]) -> None:
    answer = operator.get(address("issue", "changelist"), query)

    assert (answer.status_code, answer.headers["Location"]) == (302, address("issue", "changelist") + "?e=1")


def test_finds_nothing_in_an_unknown_project(operator: Client, full_issue: Issue) -> None:
    assert listed(operator, project=10**30) == []


def test_offers_a_few_of_many_projects_and_the_chosen_one(
    operator: Client, organization: Organization, project: Project
) -> None:
    for number in range(PROJECTS_IN_FILTER + 5):
        Project.objects.create(organization=organization, slug=f"a{number:03}", name="")

    page = operator.get(address("issue", "changelist"), {"project": project.pk}).content.decode()

    assert page.count('title="the-interstellar-jurisdiction / a') == PROJECTS_IN_FILTER
    assert "the-interstellar-jurisdiction / pump-station" in page
    assert f'href="{reverse("admin:projects_project_changelist")}" title="More: all projects …"' in page


def test_leads_from_a_project_to_its_issues(operator: Client, project: Project) -> None:
    page = operator.get(reverse("admin:projects_project_change", args=[project.pk])).content.decode()

    assert f'href="{address("issue", "changelist")}?project={project.pk}"' in page


@pytest.mark.parametrize("word", ["PUMP-STATION-1A", " pump-station-1a ", "PUMP-STATION-01A"])
def test_finds_an_issue_by_its_short_id(operator: Client, project: Project, word: str) -> None:
    issue = make_issue(project, short_number=42)
    make_issue(project, short_number=43)

    assert listed(operator, q=word) == [issue]


def test_finds_one_issue_for_each_organization_with_such_a_project(operator: Client, project: Project) -> None:
    stranger = Organization.objects.create(slug="outer-rim", name="Outer Rim")
    namesake = Project.objects.create(organization=stranger, slug=project.slug, name="")
    issues = [make_issue(project, short_number=42), make_issue(namesake, short_number=42)]

    assert listed(operator, q="PUMP-STATION-1A") == issues[::-1]


def test_finds_an_issue_by_its_id(operator: Client, project: Project) -> None:
    issue = make_issue(project)
    make_issue(project)

    assert listed(operator, q=str(issue.pk)) == [issue]


@pytest.mark.parametrize(
    "word",
    ["0", "Error number 1", "PUMP", "PUMP-STATION-", "PUMP-STATION-1U", "-1", "9" * 30, "PUMP-STATION-" + "Z" * 30],
)
def test_finds_nothing_by_anything_else(operator: Client, full_issue: Issue, word: str) -> None:
    assert listed(operator, q=word) == []


def test_finds_the_activities_of_an_issue_newest_first(operator: Client, full_issue: Issue) -> None:
    mutation = Mutation.objects.get()
    older = Activity.objects.get()
    newer = make_activity(full_issue, mutation)
    make_activity(Issue.objects.get(merged_into=full_issue), mutation)

    assert listed(operator, "activity", q="PUMP-STATION-1") == [newer, older]
    assert listed(operator, "activity", q=str(full_issue.pk)) == [newer, older]
    assert listed(operator, "activity", q="nothing") == []


def test_finds_a_mutation_by_its_id_and_project(operator: Client, project: Project) -> None:
    first, second = make_mutation(project), make_mutation(project)

    assert listed(operator, "mutation", q=str(first.pk)) == [first]
    assert listed(operator, "mutation", q="nothing") == []
    assert listed(operator, "mutation", project=project.pk) == [second, first]


@pytest.mark.parametrize(
    "query", [{}, {"project": "1"}, {"level__exact": "fatal"}, {"q": "1"}, {"q": "PUMP-STATION-1"}]
)
@pytest.mark.parametrize("table", TABLES)
def test_counts_no_further_than_the_cap_and_casts_no_column(
    operator: Client, full_issue: Issue, table: str, query: dict[str, str]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        operator.get(address(table, "changelist"), query)

    asked = [query["sql"] for query in queries.captured_queries]
    assert [sql for sql in asked if "COUNT(" in sql and f"LIMIT {COUNTED_AT_MOST + 1}" not in sql] == []
    assert [sql for sql in asked if "::varchar" in sql or "UPPER(" in sql] == []


# what is refused


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("table", TABLES)
def test_refuses_to_add_and_delete(operator: Client, full_issue: Issue, table: str, method: str) -> None:
    ask = getattr(operator, method)

    assert ask(address(table, "add"), {"kind": "update"}).status_code == 403
    assert ask(address(table, "delete", one_of(table)), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("table", TABLES)
def test_refuses_to_change(operator: Client, full_issue: Issue, table: str) -> None:
    def everything() -> list[Any]:
        models = [Issue, IssueText, IssueSeen, IssueBookmark, IssueSubscription, IssueHash, Activity, Mutation]
        return [list(model._default_manager.order_by("pk").values()) for model in models]

    before = everything()

    answer = operator.post(
        address(table, "change", one_of(table)),
        {
            "status": "resolved",
            "seen_marks-TOTAL_FORMS": "1",
            "seen_marks-INITIAL_FORMS": "1",
            "seen_marks-0-DELETE": "on",
        },
    )

    assert answer.status_code == 403
    assert everything() == before


@pytest.mark.parametrize("table", TABLES)
def test_deletes_nothing_in_bulk(operator: Client, full_issue: Issue, table: str) -> None:
    pk = one_of(table)

    operator.post(address(table, "changelist"), {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})

    assert one_of(table) == pk
