"""Doing something that may be refused: by a role, by a service. What is said then, and what when it was done."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from desk.people import Visitor
from desk.ways import UNDO
from issues.services.ground.precautions import UnexpectedNumber
from projects.acting import Act
from projects.database import outages
from projects.database.failures import refusal_of
from projects.models import Project
from projects.roles import May
from projects.visitors import standing_in

Done = TypeVar("Done")


def act_of(visitor: Visitor) -> Act:
    """Return who changes something, and as of when."""
    return Act(by=visitor.by, at=visitor.at, lock_timeout=settings.LOCK_TIMEOUT_SECONDS)


def refused_by_role(request: HttpRequest, what: May, projects: Iterable[Project]) -> str:
    """Return why who asks may not do this in all of these projects; "" where their role allows it in each."""
    standing = standing_in(request)
    for project in projects:
        if not standing.may(what, project.organization_id):
            return f"Your role in {project.organization} doesn't allow this."
    return ""


def attempt(request: HttpRequest, work: Callable[[], Done]) -> Done | None:
    """Return what ``work`` returns; None if it was refused, or could not be done now: a message then says why."""
    try:
        return work()
    except UnexpectedNumber:
        sentence = (
            "Another number of issues match now than you were shown. Nothing was changed; look at the new numbers."
        )
    except Exception as error:
        sentence = why_not(error)
    messages.error(request, sentence)
    return None


def why_not(error: Exception) -> str:
    """Return why something was not done, and whether that is certain. The log has what the database said.

    :raises Exception: the error itself, where it is no refusal.
    """
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    outages.say(refusal, error)
    known = "Nothing was changed." if refusal.is_certain else "Look first whether it was done."
    return f"{known} {refusal.sentence}"


def say_done(request: HttpRequest, sentence: str, mutation_ids: Iterable[int | None]) -> None:
    """Say what was done, in a message with the undo of these mutations; None among them changed nothing."""
    ids = ",".join(str(pk) for pk in mutation_ids if pk is not None)
    messages.success(request, sentence, extra_tags=f"{UNDO}{ids}" if ids else "")
