"""The history as a list: who did what to how many, chosen by project, person, kind and day."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues.enums import MutationKind
from issues.models import Issue
from issues.mutation import Ignore, Resolve
from projects.models import Project, User
from tests.desk.history.asking import HISTORY, change, page_of, take_back, undo_of
from tests.desk.reading import words_of
from tests.factories import NOW, ApiKeyFactory, IssueFactory, MutationFactory, UserFactory

pytestmark = pytest.mark.django_db

RESOLVED = {"status": "resolved"}


def shown(client: Client, **query: Any) -> list[int]:
    return [row.id for row in client.get(HISTORY, query).context["rows"]]


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


def test_says_who_did_what_to_how_many_and_when(
    as_sam: Client, jane: User, project: Project, issues: list[Issue]
) -> None:
    first = change(jane, project, issues, {"status": "resolvedInNextRelease"}, status=Resolve(in_next_release=True))
    undone = take_back(jane, project, first)

    page = as_sam.get(HISTORY)
    words, source = words_of(page.content.decode()), page.content.decode()

    assert [(row.who, row.sentence, row.changed) for row in page.context["rows"]] == [
        ("Jane Schmidt", "undid “resolved 3 issues in the next release”", 3),
        ("Jane Schmidt", "resolved 3 issues in the next release", 3),
    ]
    assert 'datetime="2026-03-01T12:00:00+00:00"' in source
    assert "Undone" in words
    assert f'href="{page_of(undone.mutation_id or 0)}"' in source
    assert "{" not in words


def test_offers_the_undo_of_what_can_be_taken_back(as_sam: Client, jane: User, project: Project) -> None:
    taken_back = MutationFactory(project=project, body=RESOLVED)
    undone = MutationFactory(
        project=project, kind=MutationKind.UNDO, undoes=taken_back.pk, scope_of=taken_back.pk, ids=[]
    )
    deleted = MutationFactory(project=project, kind=MutationKind.DELETE)
    marks = MutationFactory(project=project, user=jane, marks_of=jane, body={"hasSeen": True}, has_seen=True)

    source = as_sam.get(HISTORY).content.decode()

    offered = {row.pk: f'action="{undo_of(row.pk)}"' in source for row in (taken_back, undone, deleted, marks)}
    assert offered == {taken_back.pk: False, undone.pk: True, deleted.pk: False, marks.pk: False}


def test_tells_strangers_nothing(as_kit: Client, as_superuser: Client, jane: User, project: Project) -> None:
    mutation = MutationFactory(project=project, user=jane, body=RESOLVED)

    for query in ({}, {"what": "resolved"}, {"by": str(jane.pk)}, {"day": "2026-03-01"}, {"project": project.pk}):
        page = as_kit.get(HISTORY, query)
        assert page.context["rows"] == []
        assert jane.get_full_name() not in page.content.decode()
    assert shown(as_superuser) == [mutation.pk]


def test_is_chosen_by_project(as_jane: Client, project: Project, other_project: Project) -> None:
    ours, others = (MutationFactory(project=each).pk for each in (project, other_project))

    assert shown(as_jane) == [others, ours]
    assert shown(as_jane, project=project.pk) == [ours]
    assert shown(as_jane, project=[project.pk, other_project.pk]) == [others, ours]


def test_is_chosen_by_who(as_jane: Client, jane: User, sam: User, project: Project) -> None:
    key = ApiKeyFactory(organization=project.organization, label="deploys")
    made = {
        "me": MutationFactory(project=project, user=jane).pk,
        sam.username: MutationFactory(project=project, user=sam).pk,
        f"key:{key.pk}": MutationFactory(project=project, api_key=key).pk,
    }

    assert {word: shown(as_jane, by=word) for word in made} == {word: [pk] for word, pk in made.items()}
    assert shown(as_jane, by=sam.email) == shown(as_jane, by=str(sam.pk)) == [made[sam.username]]
    assert "API key deploys" in words_of(as_jane.get(HISTORY).content.decode())


def test_knows_nobody_of_elsewhere(as_jane: Client, kit: User, project: Project) -> None:
    key = ApiKeyFactory(organization=kit.memberships.get().organization)
    namesakes = [UserFactory(email="two@example.com") for _ in range(2)]
    for user in namesakes:
        project.organization.memberships.create(user=user, role="member")

    for word in (kit.username, str(kit.pk), f"key:{key.pk}", "key:x", "key:", "two@example.com", "#pumps", "nobody"):
        page = as_jane.get(HISTORY, {"by": word})
        assert page.context["rows"] == []
        assert page.context["error"].startswith("Nobody here is called"), word


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("resolved", {"status": "resolvedInNextRelease"}),
        ("ignored", {"status": "muted"}),
        ("reopened", {"status": "unresolved"}),
        ("assigned", {"assignedTo": None}),
        ("priority", {"priority": "low"}),
        ("merged", {"merge": False}),
        ("shared", {"isPublic": True}),
    ],
)
def test_is_chosen_by_what(as_jane: Client, project: Project, what: str, body: dict[str, Any]) -> None:
    mutation = MutationFactory(project=project, body=body).pk
    MutationFactory(project=project, kind=MutationKind.DELETE)
    MutationFactory(project=project, body={"hasSeen": True})

    assert shown(as_jane, what=what) == [mutation]


def test_is_chosen_by_day_and_by_several_at_once(as_jane: Client, jane: User, project: Project) -> None:
    of_today = MutationFactory(project=project, user=jane, body=RESOLVED, created_at=NOW).pk
    deleted = MutationFactory(project=project, kind=MutationKind.DELETE, created_at=NOW).pk
    MutationFactory(project=project, user=jane, body=RESOLVED, created_at=NOW.replace(day=2))

    assert shown(as_jane, day="2026-03-01") == [deleted, of_today]
    assert shown(as_jane, day="2026-03-01", what="resolved", by="me", project=project.pk) == [of_today]
    assert shown(as_jane, day="2026-03-03") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"day": "tomorrow"}, "“tomorrow” is no day"),
        ({"day": "20260301"}, "“20260301” is no day"),
        ({"day": "0001-01-01"}, "is no day"),
        ({"what": "painted"}, "“painted” is nothing that the history knows"),
        ({"project": "999999"}, "There is no project 999999 here"),
        ({"project": "x"}, "x"),
        ({"cursor": "x"}, "This page is not there"),
        ({"cursor": "5:7:0"}, "This page is not there"),
    ],
)
def test_says_what_is_not_understood(as_jane: Client, project: Project, query: dict[str, str], said: str) -> None:
    MutationFactory(project=project)

    page = as_jane.get(HISTORY, query)

    assert (page.status_code, page.context["rows"]) == (200, [])
    assert said in page.context["error"]


def test_leads_to_all_that_somebody_did_who_has_left(
    as_jane: Client, project: Project, kit: User, stranger_project: Project
) -> None:
    """Each row leads to the rest of its author's; who did nothing here stays unknown."""
    made = MutationFactory(project=project, user=kit)
    MutationFactory(project=project)
    stranger = MutationFactory(project=stranger_project, user=UserFactory()).user_id

    (by,) = [row.by for row in as_jane.get(HISTORY).context["rows"] if row.id == made.pk]

    assert [row.id for row in as_jane.get(HISTORY, {"by": by}).context["rows"]] == [made.pk]
    assert as_jane.get(HISTORY, {"by": kit.username}).context["rows"] == []
    for unknown in (str(stranger), "0", "9" * 30):
        assert "Nobody here is called" in as_jane.get(HISTORY, {"by": unknown}).context["error"]


def test_leads_from_page_to_page_and_back(as_jane: Client, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.history.view.ROWS", 2)
    made = [MutationFactory(project=project, body=RESOLVED).pk for _ in range(3)]

    first = as_jane.get(HISTORY, {"what": "resolved"})
    second = as_jane.get(HISTORY + first.context["next"])
    back = as_jane.get(HISTORY + second.context["previous"])

    pages = [[row.id for row in page.context["rows"]] for page in (first, second, back)]
    assert pages == [made[:0:-1], made[:1], made[:0:-1]]
    assert "what=resolved" in first.context["next"]
    assert "previous" not in first.context
    assert "next" not in second.context


def test_chips_lead_to_other_views_and_keep_the_rest(as_jane: Client, project: Project) -> None:
    page = as_jane.get(HISTORY, {"what": "ignored", "day": "2026-03-01", "cursor": ""})
    addresses = {choice.label: choice.address for chip in page.context["chips"] for choice in chip.choices}

    assert addresses["Me"] == "?by=me&what=ignored&day=2026-03-01"
    assert addresses["Everything"] == "?day=2026-03-01"
    assert addresses[project.slug] == f"?project={project.pk}&what=ignored&day=2026-03-01"
    assert [chip.value for chip in page.context["chips"]] == ["", "", "Ignored", "2026-03-01"]


def test_says_why_it_is_empty_and_what_next(as_jane: Client, project: Project) -> None:
    assert "Nothing has been done yet." in words_of(as_jane.get(HISTORY).content.decode())
    assert "Nothing like that was done." in words_of(as_jane.get(HISTORY, {"what": "deleted"}).content.decode())


def test_shows_texts_as_texts(as_jane: Client, project: Project) -> None:
    MutationFactory(project=project, ids=None, query="<script>\u202e", body=RESOLVED, matched=3)

    source = as_jane.get(HISTORY).content.decode()

    assert "&lt;script&gt;[U+202E]" in source
    assert "<script>\u202e" not in source


def test_asks_as_much_for_fifty_as_for_one(as_jane: Client, jane: User, project: Project) -> None:
    def make(number: int) -> None:
        for _ in range(number):
            issue = IssueFactory(project=project)
            ignored = change(jane, project, [issue], {"status": "ignored", "assignedTo": str(jane.pk)}, status=Ignore())
            take_back(jane, project, ignored)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_jane.get(HISTORY)
        return len(queries)

    make(1)
    one = cost()
    make(12)

    # session, user, projects; user names and keys to choose; rows, undone by, undid, short ids; names
    assert cost() == one == 10
