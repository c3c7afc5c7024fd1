"""Mutations made by the service, and their pages."""

from typing import Any

from django.urls import reverse

from issues.models import Issue
from issues.mutation import AllIssues, IssueMutation, NamedIssues, UndoOutcome
from issues.services import bulk
from issues.services import undo as undoing
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW

HISTORY = reverse("desk:history")


def act(user: User) -> Act:
    return Act(by=Caller(user=user), at=NOW, lock_timeout=5)


def change(user: User, project: Project, issues: list[Issue] | None, body: dict[str, Any], **wishes: Any) -> int:
    """Ask for ``wishes``, which are fields of IssueMutation, and return the mutation's id; None is all issues."""
    ids = None if issues is None else frozenset(issue.pk for issue in issues)
    scope = AllIssues(project.pk) if ids is None else NamedIssues(project.pk, ids=ids)
    done = bulk.mutate(scope, IssueMutation(**wishes, body=body), act(user))
    assert done.mutation_id is not None
    return done.mutation_id


def take_back(user: User, project: Project, mutation: int) -> UndoOutcome:
    return undoing.undo(project.pk, mutation, act(user))


def page_of(mutation: int) -> str:
    return reverse("desk:mutation", args=[mutation])


def undo_of(mutation: int) -> str:
    return reverse("desk:undo_mutation", args=[mutation])
