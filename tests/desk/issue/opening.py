"""Issues of events that came, and their pages."""

from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse

from issues.models import Issue
from projects.models import Project
from tests.desk.reading import words_of
from tests.events.counting.arriving import arrive, count, issue_of
from tests.events.meaning.asking import read_event
from tests.factories import NOW


def came(project: Project, event: dict[str, Any], name: str = "pump", at: Any = NOW) -> tuple[Issue, UUID]:
    """Take an event in as an SDK sends it, and count it; return its issue, and its id."""
    read = read_event({"platform": "python", **event})
    said = {"level": read.level, "environment": read.environment, "release": read.release}
    event_id = arrive(project, name, at, data=read.packed, user="7" if read.user else "", **said)
    count(project)
    return issue_of(project, name), event_id


def address(issue: Issue, event: str = "") -> str:
    return reverse("desk:event", args=[issue.pk, event]) if event else reverse("desk:issue", args=[issue.pk])


def opened(client: Client, issue: Issue, **query: str) -> Any:
    """Return the answer of the page of an issue, which is there."""
    answer = client.get(address(issue), query)
    assert answer.status_code == 200
    return answer


def read(client: Client, issue: Issue, **query: str) -> str:
    """Return what people read on the page of an issue."""
    return words_of(opened(client, issue, **query).content.decode())
