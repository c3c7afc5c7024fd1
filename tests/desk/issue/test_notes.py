"""Notes on the page of an issue: written, changed and taken back by who wrote them."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from issues.enums import ActivityKind
from issues.models import Activity, Issue
from issues.serializers.activities import MAX_NOTE
from projects.models import Project, User
from tests.desk.issue.opening import address, read
from tests.factories import ActivityFactory, IssueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


def write(client: Client, issue: Issue, text: str, **query: str) -> Any:
    return client.post(reverse("desk:notes", args=[issue.pk], query=query), {"text": text})


def written(issue: Issue) -> list[str]:
    return [note.data["text"] for note in issue.activities.filter(kind=ActivityKind.NOTE).order_by("pk")]


def test_writes_a_note_and_leads_back_to_it(as_jane: Client, jane: User, issue: Issue) -> None:
    answer = write(as_jane, issue, "  It was\r\nthe valve. ", **{"from": "sort=new"})

    assert answer.headers["Location"] == f"{address(issue)}?from=sort%3Dnew#activity"
    assert written(issue) == ["It was\nthe valve."]
    issue.refresh_from_db()
    assert issue.comment_count == 1
    assert "Jane Schmidt wrote" in read(as_jane, issue)


@pytest.mark.parametrize("text", ["", "  \r\n ", "a\x00b", "x" * (MAX_NOTE + 1)])
def test_says_why_a_note_is_none_and_loses_nothing_of_it(as_jane: Client, issue: Issue, text: str) -> None:
    answer = write(as_jane, issue, text)

    assert answer.status_code == 409
    assert "The note was not written." in answer.content.decode()
    assert answer.context["unsaved_note"] == text.replace("\r\n", "\n")
    assert written(issue) == []


def test_its_address_leads_to_the_issue(as_jane: Client, as_kit: Client, issue: Issue) -> None:
    """There the page stands on which a note was refused: its buttons lead back to where it stood, and a log-in, too."""
    notes = reverse("desk:notes", args=[issue.pk], query={"from": "sort=new"})

    answer: Any = as_jane.get(notes)

    assert answer.headers["Location"] == f"{address(issue)}?from=sort%3Dnew#activity"
    assert as_kit.get(notes).status_code == 404
    assert as_jane.put(notes).status_code == 405


def test_loses_no_note_when_the_database_is_away(
    as_jane: Client, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("issues.services.notes.add", fail)

    answer = write(as_jane, issue, "It was the valve.")

    assert "Look first whether it was done." in answer.content.decode()
    assert "It was the valve.</textarea>" in answer.content.decode()


def test_says_so_when_the_issue_was_merged_meanwhile(as_jane: Client, issue: Issue) -> None:
    parent = IssueFactory(project=issue.project)
    Issue.objects.filter(pk=issue.pk).update(merged_into=parent)

    answer = write(as_jane, issue, "It was the valve.")

    assert "deleted or merged meanwhile" in answer.content.decode()
    assert written(issue) == []


@pytest.fixture
def note(issue: Issue, jane: User) -> Activity:
    Issue.objects.filter(pk=issue.pk).update(comment_count=1, own_comment_count=1)
    return ActivityFactory(issue=issue, kind=ActivityKind.NOTE, user=jane, mutation_id=None, data={"text": "Valve?"})


def change(client: Client, note: Activity, **said: str) -> Any:
    return client.post(reverse("desk:note", args=[note.issue_id, note.pk]), said)


def test_changes_ones_own_note(as_jane: Client, issue: Issue, note: Activity) -> None:
    assert change(as_jane, note, do="edit", text="Valve!").status_code == 302

    assert written(issue) == ["Valve!"]


def test_deletes_ones_own_note(as_jane: Client, issue: Issue, note: Activity) -> None:
    assert change(as_jane, note, do="delete").status_code == 302

    assert written(issue) == []


def test_says_why_a_note_is_not_changed(as_jane: Client, issue: Issue, note: Activity) -> None:
    change(as_jane, note, do="edit", text="")

    assert "The note was not written." in as_jane.get(address(issue)).content.decode()
    assert written(issue) == ["Valve?"]


@pytest.mark.parametrize("do", ["edit", "delete"])
def test_nobody_changes_the_note_of_somebody_else(as_sam: Client, issue: Issue, note: Activity, do: str) -> None:
    assert change(as_sam, note, do=do, text="Pump!").status_code == 403

    assert written(issue) == ["Valve?"]
    assert "Delete for good" not in as_sam.get(address(issue)).content.decode()


def test_a_stranger_finds_no_note(as_kit: Client, issue: Issue, note: Activity) -> None:
    assert change(as_kit, note, do="delete").status_code == 404

    assert written(issue) == ["Valve?"]


def test_a_note_is_of_its_issue(as_jane: Client, issue: Issue, note: Activity) -> None:
    other = IssueFactory(project=issue.project)

    assert as_jane.post(reverse("desk:note", args=[other.pk, note.pk]), {"do": "delete"}).status_code == 404
    assert written(issue) == ["Valve?"]


def test_does_nothing_that_no_button_says(as_jane: Client, issue: Issue, note: Activity) -> None:
    assert change(as_jane, note, text="x").status_code == 400
    assert change(as_jane, note, do="burn").status_code == 400
    assert written(issue) == ["Valve?"]


def test_what_somebody_wrote_is_shown_as_they_wrote_it(as_jane: Client, issue: Issue) -> None:
    write(as_jane, issue, "<b>bold</b>\n  & javascript:alert(1)")

    page = as_jane.get(address(issue)).content.decode()

    assert "&lt;b&gt;bold&lt;/b&gt;\n  &amp; javascript:alert(1)" in page
    assert "<b>bold" not in page
