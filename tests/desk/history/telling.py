"""Mutations as a list tells them, made by hand."""

from typing import Any

from issues.enums import MutationKind
from issues.reading.mutations import ListedMutation
from projects.models import User
from tests.factories import NOW

JANE = User(pk=7, username="jane", name="Jane Schmidt")


def told(
    body: dict[str, Any] | None = None,
    changed: int = 3,
    *,
    kind: MutationKind = MutationKind.UPDATE,
    matched: int | None = None,
    is_about_all: bool = False,
    statuses: list[str] | None = None,
    query: str | None = None,
    **others: Any,
) -> ListedMutation:
    return ListedMutation(
        **{
            "id": 1,
            "project_id": 1,
            "kind": kind,
            "at": NOW,
            "user": JANE,
            "api_key": None,
            "body": body or {},
            "has_others_marks": False,
            "matched": changed if matched is None else matched,
            "changed": changed,
            "is_about_all": is_about_all,
            "statuses": statuses,
            "query": query,
            **others,
        }
    )


def undo_of(undone: ListedMutation, changed: int | None = None, **others: Any) -> ListedMutation:
    return told(
        changed=undone.changed if changed is None else changed,
        kind=MutationKind.UNDO,
        undoes=undone.id,
        undone=undone,
        began=undone.began or undone,
        **others,
    )
