"""The admin of issues: a window that opens fast, and only a window."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues.admin.wording import LINKS
from issues.enums import ActivityKind
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueSeen,
    IssueSubscription,
    IssueText,
    Mutation,
)
from issues.reading.story import STEPS
from projects.models import Project, Release, User
from tests.issues.admin.pages import TABLES, THEN, address, listed, make_activity, make_issue, make_mutation, one_of

pytestmark = pytest.mark.django_db


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
    make_activity(make_issue(project), Mutation.objects.get())

    story = operator.get(address("issue", "change", full_issue.pk)).context["story"]

    assert {step.activity.issue_id for step in story["steps"]["rows"]} == {full_issue.pk}


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
