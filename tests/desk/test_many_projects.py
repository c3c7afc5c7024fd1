"""Who sees more projects than a page takes: no page names all of them, and each finds what somebody asks for."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from desk import people
from issues.models import Issue, Mutation
from projects.models import Project, User
from tests.desk.acting.steps import choose, choose_all, confirm, said, undo
from tests.desk.history.asking import HISTORY, page_of, undo_of
from tests.desk.reading import LIST, browser_of, listed, words_of
from tests.factories import IssueFactory, ProjectFactory

pytestmark = pytest.mark.django_db

WHO = ["member", "superuser"]


@pytest.fixture(params=WHO)
def client(request: pytest.FixtureRequest, jane: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Of somebody who sees three projects, where a page takes two."""
    monkeypatch.setattr(people, "AT_ONCE", 2)
    ProjectFactory(organization=project.organization, slug="west-pumps", name="Pumps of the west")
    found: Client = request.getfixturevalue("as_superuser") if request.param == "superuser" else browser_of(jane)
    return found


@pytest.fixture
def issue(project: Project, other_project: Project) -> Issue:
    IssueFactory(project=other_project)
    issue: Issue = IssueFactory(project=project)
    return issue


def offered(page: Any) -> list[str]:
    chip = page.context["chips"][0]
    return [choice.label.rpartition(" / ")[2] for choice in chip.choices]


def test_are_asked_which(client: Client, issue: Issue) -> None:
    for address in (LIST, HISTORY):
        page = client.get(address)

        assert page.context["rows"] == []
        assert "You see more than" in words_of(page.content.decode())
        assert offered(page) == ["prime-mover", "pump-station", "west-pumps"]


def test_find_some_by_a_part_of_a_name(client: Client, issue: Issue) -> None:
    for address in (LIST, HISTORY):
        assert offered(client.get(address, {"find": "PUMP"})) == ["pump-station", "west-pumps"]
        assert offered(client.get(address, {"find": "of the"})) == ["west-pumps"]
        nothing = client.get(address, {"find": "%"})
        assert (offered(nothing), "No project is called so." in nothing.content.decode()) == ([], True)


def test_list_what_they_choose(client: Client, issue: Issue, stranger_project: Project) -> None:
    west = Project.objects.get(slug="west-pumps")
    IssueFactory(project=west, resolved=True)

    assert listed(client, project=issue.project_id) == [issue.pk]
    assert listed(client, project=[issue.project_id, west.pk]) == [issue.pk]
    assert listed(client, query="project:pump-station is:unresolved") == [issue.pk]
    assert listed(client, query="project:[pump-station,west-pumps] is:unresolved") == [issue.pk]
    assert listed(client, query="project:nothing") == []
    assert client.get(LIST, {"query": "!project:pump-station"}).context["asked"].must_choose
    too_many = client.get(LIST, {"project": range(1, 1_002)})
    assert too_many.context["error"] == "Choose 1,000 projects at most."


def test_read_an_issue_by_its_number_and_its_name(client: Client, issue: Issue) -> None:
    for word in (issue.pk, issue.short_id):
        assert client.get(reverse("desk:issue", args=[word])).context["issue"] == issue
        assert client.get(reverse("desk:events", args=[word])).context["issue"] == issue
    assert client.get(reverse("desk:issue", args=[issue.pk + 1])).status_code == 404
    assert client.post(reverse("desk:notes", args=[issue.pk]), {"text": "Seen."}).status_code == 302


def test_act_and_take_back(client: Client, issue: Issue) -> None:
    answer = confirm(client, choose(client, "resolve", [issue]))
    assert said(answer) == [f"{issue.short_id} resolved."]
    (mutation,) = Mutation.objects.all()
    page = client.get(HISTORY, {"project": issue.project_id})
    assert [row.id for row in page.context["rows"]] == [mutation.pk]
    assert client.get(page_of(mutation.pk)).context["row"].project == issue.project
    assert client.get(undo_of(mutation.pk)).context["outcome"].changed == 1

    assert said(undo(client, answer)) == [f"Undone: {issue.short_id} put back."]
    assert said(confirm(client, choose_all(client, "resolve", project=issue.project_id))) == [
        f"{issue.short_id} resolved."
    ]
    assert choose_all(client, "resolve").status_code == 400


@pytest.mark.parametrize("client", ["member"], indirect=True)
def test_find_nothing_of_others(client: Client, issue: Issue, stranger_project: Project) -> None:
    theirs = IssueFactory(project=stranger_project)

    assert client.get(LIST, {"project": stranger_project.pk}).context["error"].startswith("There is no project")
    assert listed(client, query=f"project:{stranger_project.slug}") == []
    assert offered(client.get(LIST, {"find": stranger_project.slug})) == []
    for word in (theirs.pk, theirs.short_id):
        assert client.get(reverse("desk:issue", args=[word])).status_code == 404
    assert choose(client, "resolve", [theirs]).context["missing"] == [theirs.pk]
