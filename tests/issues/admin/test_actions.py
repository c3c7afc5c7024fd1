"""Acting in the admin: first the numbers, then the change, by the one service; and a way back."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from issues.admin import actions
from issues.admin.actions import VERBS
from issues.enums import ActivityKind, IssueStatus, MutationKind
from issues.models import Activity, Issue, Mutation
from issues.mutation import IssueMutation, NamedIssues
from issues.services import bulk
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import digest
from tests.factories import NOW, IssueFactory, ReleaseFactory
from tests.issues.admin.acting import (
    ACT,
    LIST,
    OPERATORS_OWN,
    carried,
    choose,
    confirm,
    ids_of,
    numbers,
    preview,
    said,
    state_of_issues,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


# each action


CASES: dict[str, tuple[dict[str, str], dict[str, Any], set[str]]] = {
    "resolve": ({}, {"status": "resolved"}, {ActivityKind.SET_RESOLVED}),
    "resolve_in_next_release": ({}, {"status": "resolvedInNextRelease"}, {ActivityKind.SET_RESOLVED_IN_RELEASE}),
    "ignore": (
        {"ignoreDuration": "120", "ignoreCount": "5"},
        {"status": "ignored", "ignoreDuration": 120, "ignoreCount": 5},
        {ActivityKind.SET_IGNORED},
    ),
    "reopen": ({}, {"status": "unresolved"}, {ActivityKind.SET_UNRESOLVED}),
    "assign": ({"assignedTo": "jane"}, {"assignedTo": "jane"}, {ActivityKind.ASSIGNED}),
    "unassign": ({}, {"assignedTo": None}, {ActivityKind.UNASSIGNED}),
    "merge": ({}, {"merge": True}, {ActivityKind.MERGE}),
    "unmerge": ({}, {"merge": False}, {ActivityKind.UNMERGE}),
}


@pytest.fixture
def targets(request: pytest.FixtureRequest, project: Project, jane: User) -> list[Issue]:
    """Three issues that the action changes."""
    ReleaseFactory(projects=[project])
    match request.param:
        case "reopen":
            return [IssueFactory(project=project, resolved=True) for _ in range(3)]
        case "unassign":
            return [IssueFactory(project=project, assignee_user=jane) for _ in range(3)]
        case "unmerge":
            tree = [IssueFactory(project=project) for _ in range(4)]
            scope, wish = NamedIssues(project.pk, ids=frozenset(ids_of(tree))), IssueMutation(merge=True)
            outcome = bulk.mutate(scope, wish, Act(by=Caller(user=jane), at=NOW, lock_timeout=5))
            Mutation.objects.all().delete()
            Activity.objects.all().delete()
            return [issue for issue in tree if outcome.merged and issue.pk in outcome.merged.children]
        case _:
            return [IssueFactory(project=project) for _ in range(3)]


def test_every_action_has_a_case() -> None:
    assert set(CASES) == set(VERBS)


@pytest.mark.parametrize(("targets", "name"), [(name, name) for name in CASES], indirect=["targets"], ids=list(CASES))
def test_shows_what_would_change_then_changes_that_by_the_service_and_takes_it_back(
    operator: Client, targets: list[Issue], name: str
) -> None:
    fields, body, kinds = CASES[name]
    before, issues_before = digest(), state_of_issues()

    page = choose(operator, name, targets)
    if fields:
        page = preview(operator, page, **fields)
    assert {table for table, rows in digest().items() if rows != before[table]} <= OPERATORS_OWN
    assert numbers(page)[:2] == (3, 3)
    shown = page.context["changed"]
    answer = confirm(operator, page, **fields)

    mutation = Mutation.objects.get()
    assert (mutation.kind, mutation.body, mutation.ids) == (MutationKind.UPDATE, body, sorted(ids_of(targets)))
    assert (mutation.user, mutation.matched, mutation.changed) == (User.objects.get(username="operator"), 3, shown)
    assert set(Activity.objects.values_list("kind", flat=True)) == kinds
    done = VERBS[name].done
    assert said(answer) == [f"{shown} issues {done}: mutation {mutation.pk} · undo."]
    way = reverse("admin:issues_mutation_undo", args=[mutation.pk])
    assert f'href="{way}"' in answer.content.decode()

    page = operator.get(way)
    assert (page.context["outcome"].changed, page.context["outcome"].skipped) == (shown, 0)
    assert Mutation.objects.count() == 1
    answer = operator.post(way, {"expected": str(page.context["outcome"].matched)}, follow=True)

    undone = Mutation.objects.get(kind=MutationKind.UNDO)
    assert said(answer) == [
        f"Mutation {mutation.pk} was undone: {shown} issues put back, 0 left alone: mutation {undone.pk} · undo."
    ]
    assert undone.undoes == mutation.pk
    assert state_of_issues() == issues_before


def test_lists_the_actions_and_the_boxes(operator: Client, issues: list[Issue]) -> None:
    page = operator.get(LIST).content.decode()

    labels = re.findall(r'<option value="(\w+)"', page)
    assert [label for label in labels if label in VERBS] == list(VERBS)
    assert page.count('name="_selected_action"') == len(issues)


def test_shows_what_is_selected_and_which_becomes_the_parent(operator: Client, issues: list[Issue]) -> None:
    page = choose(operator, "merge", issues)

    words = page.content.decode()
    assert all(issue.short_id in words for issue in issues)
    assert page.context["parent"].pk in ids_of(issues)
    assert (
        f'All would be merged into <a href="{reverse("admin:issues_issue_change", args=[page.context["parent"].pk])}'
        in words
    )


def test_takes_the_filters_of_the_list_along(operator: Client, issues: list[Issue], project: Project) -> None:
    page = choose(operator, "resolve", issues, f"?project={project.pk}&status=unresolved")

    answer = operator.post(page.context["address"], carried(page) | {"confirm": "1"})

    assert answer.headers["Location"] == f"{LIST}?project={project.pk}&status=unresolved"
    assert Mutation.objects.get().statuses == [IssueStatus.UNRESOLVED]


# what is confirmed is what was shown


def test_changes_nothing_when_another_number_matches_by_now(operator: Client, issues: list[Issue]) -> None:
    """The list was of unresolved issues, and somebody resolves one between the page and the button."""
    page = choose(operator, "resolve", issues, "?status=unresolved")
    Issue.objects.filter(pk=issues[0].pk).update(status=IssueStatus.RESOLVED, resolved_at=issues[0].last_seen)

    answer = confirm(operator, page)

    assert said(answer) == [
        "Another number of issues match now than you were shown. Nothing was changed; look at the new numbers."
    ]
    assert numbers(answer) == (3, 2, 2)
    assert not Mutation.objects.exists()
    assert said(confirm(operator, answer))[0].startswith("2 issues resolved")


def test_changes_nothing_when_the_form_says_something_else_by_now(operator: Client, issues: list[Issue]) -> None:
    page = preview(operator, choose(operator, "ignore", issues), ignoreCount="5")

    answer = confirm(operator, page, ignoreCount="50")

    assert said(answer) == ["This is not what you were shown. Look at its numbers, and confirm again."]
    assert not Mutation.objects.exists()
    confirm(operator, answer, ignoreCount="50")
    assert Mutation.objects.get().body["ignoreCount"] == 50


@pytest.mark.parametrize("expected", ["", "0", "-1", "x", "9" * 5000, "\N{SUPERSCRIPT TWO}"])
def test_changes_nothing_without_the_number_that_was_shown(
    operator: Client, issues: list[Issue], expected: str
) -> None:
    page = choose(operator, "resolve", issues)

    answer = operator.post(ACT, carried(page) | {"expected": expected, "confirm": "1"})

    assert answer.status_code == 200
    assert not Mutation.objects.exists()


def test_says_with_which_issues_it_is_not_possible_and_goes_on_without_them(
    operator: Client, issues: list[Issue]
) -> None:
    merged = IssueFactory(project=issues[0].project, merged_into=issues[0])

    page = choose(operator, "resolve", [*issues, merged])

    assert (page.context["missing"], page.context["may_confirm"], page.context["left"]) == (1, False, 3)
    assert f">{merged.pk}</a>" in page.context["missing_links"]
    page = preview(operator, page)
    assert numbers(page) == (3, 3, 3)
    confirm(operator, page)
    assert Mutation.objects.get().ids == sorted(ids_of(issues))


def test_says_when_one_went_between_the_page_and_the_button(operator: Client, issues: list[Issue]) -> None:
    page = choose(operator, "resolve", issues)
    Issue.objects.filter(pk=issues[2].pk).update(merged_into=issues[0])

    answer = confirm(operator, page)

    assert said(answer) == ["Some of these issues are gone or merged by now. Nothing was changed."]
    assert answer.context["missing"] == 1
    assert not Mutation.objects.exists()


def test_says_when_all_of_them_are_gone(operator: Client, issues: list[Issue]) -> None:
    page = operator.post(ACT, {"action": "resolve", "ids": "999999", "confirm": "1"})

    assert (page.status_code, page.context["missing"], page.context["left"]) == (200, 1, 0)
    assert not page.context["may_confirm"]


def test_offers_no_button_when_nothing_would_change(operator: Client, project: Project) -> None:
    page = choose(operator, "resolve", [IssueFactory(project=project, resolved=True)])

    assert numbers(page) == (1, 1, 0)
    assert not page.context["may_confirm"]
    assert "Nothing would change." in page.content.decode()


# several projects


def test_changes_several_projects_together(
    operator: Client, issues: list[Issue], other_project: Project, stranger_project: Project
) -> None:
    more = [IssueFactory(project=other_project), IssueFactory(project=stranger_project, resolved=True)]

    page = choose(operator, "resolve", [*issues, *more])

    rows = [(project.slug, outcome.matched, outcome.changed) for project, outcome in page.context["rows"]]
    assert sorted(rows) == [("prime-mover", 1, 1), ("pump-station", 3, 3), ("relay", 1, 0)]
    answer = confirm(operator, page)
    mutations = list(Mutation.objects.order_by("pk"))
    assert sorted((mutation.project.slug, mutation.changed) for mutation in mutations) == [
        ("prime-mover", 1),
        ("pump-station", 3),
    ]
    links = "; ".join(f"mutation {mutation.pk} · undo" for mutation in mutations)
    assert said(answer) == [f"4 issues resolved: {links}."]


@pytest.mark.parametrize(
    ("name", "fields"),
    [("merge", {}), ("resolve_in_next_release", {}), ("assign", {"assignedTo": "#powerful-abolitionist"})],
)
def test_says_what_goes_with_one_project_only(
    operator: Client, issues: list[Issue], other_project: Project, name: str, fields: dict[str, str]
) -> None:
    page = choose(operator, name, [*issues, IssueFactory(project=other_project)])
    if fields:
        page = preview(operator, page, **fields)

    assert "This goes with issues of one project only." in page.content.decode()
    assert (page.context["outcomes"], page.context["may_confirm"]) == (None, False)


def test_assigns_within_one_organization_only(
    operator: Client, issues: list[Issue], stranger_project: Project, jane: User
) -> None:
    page = choose(operator, "assign", [*issues, IssueFactory(project=stranger_project)])

    page = preview(operator, page, assignedTo="jane")

    assert "These issues are of several organizations" in page.content.decode()
    assert page.context["outcomes"] is None


# all of the list


def test_takes_everything_listed(operator: Client, issues: list[Issue], project: Project) -> None:
    resolved = IssueFactory(project=project, resolved=True)

    page = choose(operator, "ignore", issues[:1], "?status=unresolved", select_across="1")

    assert numbers(page) == (3, 3, 3)
    assert str(resolved.pk) not in carried(page)["ids"].split(",")


def test_says_when_everything_is_too_much(
    operator: Client, issues: list[Issue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_MOST", 2)

    answer = operator.post(
        LIST,
        {"action": "resolve", "index": "0", "select_across": "1", "_selected_action": ids_of(issues[:1])},
        follow=True,
    )

    assert said(answer)[0].startswith("These are more than 2 issues")
    assert not Mutation.objects.exists()
