"""All that match: never a list that was cut, and where each must be named, that is said before."""

import pytest
from django.test import Client

from desk.acting import selection, trying, view
from issues.models import Environment, Issue, IssueEnvironment, Mutation
from projects.models import Project
from tests.desk.acting.steps import carried, changes, choose_all, confirm, ids_of, numbers, said, state_of_issues, undo
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than two are too many to be named."""
    for module in (selection, trying, view):
        monkeypatch.setattr(module, "AT_MOST", 2)


def test_takes_all_that_match_in_the_terms_of_the_search(
    as_jane: Client, issues: list[Issue], project: Project
) -> None:
    resolved = IssueFactory(project=project, resolved=True)
    before = state_of_issues()

    page = choose_all(as_jane, "ignore", "is:unresolved level:error")

    assert numbers(page) == (3, 3)
    assert carried(page)["query"] == ["is:unresolved level:error"]
    assert "ids" not in carried(page)
    answer = confirm(as_jane, page)
    mutation = Mutation.objects.get()
    assert (mutation.ids, mutation.query, mutation.changed) == (None, "is:unresolved level:error", 3)
    resolved.refresh_from_db()
    assert resolved.status == "resolved"
    undo(as_jane, answer)
    assert state_of_issues() == before


def test_leaves_merged_ones_alone(as_jane: Client, issues: list[Issue]) -> None:
    IssueFactory(merged_into=issues[0])

    page = choose_all(as_jane, "resolve", "")

    assert (numbers(page), page.context["missing"]) == ((3, 3), [])
    assert said(confirm(as_jane, page)) == ["3 issues resolved."]


def test_takes_all_of_several_projects_and_organizations_together(
    as_superuser: Client, issues: list[Issue], other_project: Project, stranger_project: Project
) -> None:
    IssueFactory(project=other_project)
    IssueFactory(project=stranger_project)

    page = choose_all(as_superuser, "resolve")

    rows = [(of.project.slug, of.matched, of.changed) for of in page.context["trial"].projects]
    assert sorted(rows) == [("prime-mover", 1, 1), ("pump-station", 3, 3), ("relay", 1, 1)]
    answer = confirm(as_superuser, page)
    assert said(answer) == ["5 issues resolved."]
    assert Mutation.objects.count() == 3
    assert said(undo(as_superuser, answer)) == ["Undone: 5 issues put back."]


def test_takes_those_of_the_chosen_projects_alone(
    as_jane: Client, issues: list[Issue], project: Project, other_project: Project
) -> None:
    IssueFactory(project=other_project)

    page = choose_all(as_jane, "resolve", project=str(project.pk))

    assert numbers(page) == (3, 3)
    confirm(as_jane, page)
    assert Issue.objects.get(project=other_project).status == "unresolved"


def test_takes_what_was_seen_in_the_environments_of_the_search_alone(
    as_jane: Client, issues: list[Issue], project: Project
) -> None:
    environment = Environment.objects.create(project=project, name="prod")
    times = {"first_seen": issues[0].first_seen, "last_seen": issues[0].last_seen, "times_seen": 1}
    IssueEnvironment.objects.create(issue=issues[0], project=project, environment=environment, **times)

    page = choose_all(as_jane, "resolve", "is:unresolved", environment="prod")

    assert numbers(page) == (1, 1)
    assert carried(page)["query"] == ['is:unresolved environment:["prod"]']
    confirm(as_jane, page)
    assert list(Issue.objects.filter(status="resolved")) == [issues[0]]


def test_takes_nothing_of_what_somebody_does_not_see(as_kit: Client, issues: list[Issue]) -> None:
    page = choose_all(as_kit, "resolve", "")

    assert (page.context["matched"], page.context["refusal"]) == (0, "No issue matches.")
    assert not page.context["may_confirm"]


@pytest.mark.usefixtures("few")
def test_counts_what_is_too_much_to_be_tried_when_it_is_done(
    as_jane: Client, issues: list[Issue], project: Project, other_project: Project
) -> None:
    IssueFactory(project=other_project, resolved=True)

    page = choose_all(as_jane, "resolve", "")

    assert (numbers(page), page.context["trial"].is_more) == ((2, 3), True)
    assert "Resolve: more than 2 issues" in page.content.decode()
    assert "in 2 projects" in page.content.decode()
    assert "The 4 below were tried, and 3 of them would change" in page.content.decode()
    assert (page.context["before"], page.context["after"]) == ([], [])
    assert len(page.context["trial"].rows) == 4
    # Who says "all" does not follow them from then on.
    assert set(changes(page)) == {("", "Unresolved", "Resolved")}
    assert not Mutation.objects.exists()
    assert said(confirm(as_jane, page)) == ["3 issues resolved."]
    assert Mutation.objects.get().ids is None


@pytest.mark.usefixtures("few")
def test_changes_nothing_when_they_are_not_more_by_now(as_jane: Client, issues: list[Issue]) -> None:
    page = choose_all(as_jane, "resolve")
    Issue.objects.filter(pk=issues[0].pk).update(status="resolved", resolved_at=issues[0].last_seen)

    answer = confirm(as_jane, page)

    assert said(answer)[0].startswith("Another number of issues match now")
    assert numbers(answer) == (2, 2)
    assert not Mutation.objects.exists()
    assert said(confirm(as_jane, answer)) == ["2 issues resolved."]


@pytest.mark.usefixtures("few")
def test_changes_nothing_when_they_are_more_than_were_shown(
    as_jane: Client, issues: list[Issue], project: Project
) -> None:
    page = choose_all(as_jane, "resolve", f"is:unresolved !id:{issues[0].pk}")
    IssueFactory(project=project)

    assert said(confirm(as_jane, page))[0].startswith("Another number of issues match now")
    assert not Mutation.objects.exists()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", ["assign", "merge", "delete", "mark_seen", "note"])
def test_says_before_where_each_must_be_named(as_jane: Client, issues: list[Issue], name: str) -> None:
    page = choose_all(as_jane, name)

    assert page.context["refusal"].startswith("More than 2 issues match.")
    assert (page.context["trial"], page.context["may_confirm"]) == (None, False)
    assert Issue.objects.count() == 3


def test_names_each_where_that_is_needed_and_they_are_few(as_jane: Client, issues: list[Issue]) -> None:
    page = choose_all(as_jane, "bookmark")

    assert carried(page)["ids"] == [",".join(map(str, sorted(ids_of(issues))))]
    confirm(as_jane, page)
    assert Mutation.objects.get().ids == sorted(ids_of(issues))


@pytest.mark.parametrize("name", ["resolve", "bookmark"])
def test_says_what_the_search_names_that_is_not_there(as_jane: Client, issues: list[Issue], name: str) -> None:
    """Negated, it would mean everything; and what names each issue, the service would not ask again."""
    page = choose_all(as_jane, name, "!assigned:nobody-here")

    assert "nobody here is called nobody-here" in said(page)[0]
    assert not page.context["may_confirm"]
