"""The rows of the history, as its templates show them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from desk.history.sentences import ids_named, sentence_of, who_did
from desk.texts import visible
from issues.reading.items import look_up_names
from issues.reading.mutations import ListedMutation
from projects.models import Project


@dataclass(frozen=True, slots=True)
class Row:
    """One mutation.

    :ivar by: the word that asks for everything else that they did; empty for who is gone.
    :ivar undo: the address that takes it back; empty where there is no way back, or none for who looks.
    :ivar expected: how many issues an undo is about, as far as is known: with another number nothing is done.
    """

    id: int
    address: str
    kind: str
    who: str
    by: str
    sentence: str
    at: datetime
    project: Project
    changed: int
    matched: int
    undoes: int | None
    undoes_address: str
    undone_by: int | None
    undone_by_address: str
    undo: str
    expected: int


def rows_of(mutations: Sequence[ListedMutation], projects: Iterable[Project]) -> list[Row]:
    """Return these as rows; names are looked up once for all of them."""
    names = look_up_names(ids_named(mutations), {mutation.project_id for mutation in mutations})
    project_of: Mapping[int, Project] = {project.pk: project for project in projects}

    def row(mutation: ListedMutation) -> Row:
        return Row(
            id=mutation.id,
            address=address_of(mutation.id),
            kind=mutation.kind.value,
            who=visible(who_did(mutation)),
            by=_word_for(mutation),
            sentence=visible(sentence_of(mutation, names)),
            at=mutation.at,
            project=project_of[mutation.project_id],
            changed=mutation.changed,
            matched=mutation.matched,
            undoes=mutation.undoes,
            undoes_address="" if mutation.undone is None else address_of(mutation.undone.id),
            undone_by=mutation.undone_by,
            undone_by_address="" if mutation.undone_by is None else address_of(mutation.undone_by),
            undo=reverse("desk:undo_mutation", args=[mutation.id]) if _can_be_undone(mutation) else "",
            expected=mutation.changed,
        )

    return [row(mutation) for mutation in mutations]


def address_of(mutation_id: int) -> str:
    return reverse("desk:mutation", args=[mutation_id])


def _can_be_undone(mutation: ListedMutation) -> bool:
    """Return whether an undo could put anything back: not where nothing was asked but marks of somebody else."""
    return mutation.can_be_undone and not (mutation.has_others_marks and not mutation.body)


def _word_for(mutation: ListedMutation) -> str:
    if mutation.user is not None:
        return str(mutation.user.pk)
    return "" if mutation.api_key is None else f"key:{mutation.api_key.pk}"
