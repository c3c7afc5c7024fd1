"""The issues before and after one in a list, for who reads through it (contract section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from issues.models import Issue
from issues.reading.lists import ListQuery
from issues.services.ground import names
from issues.services.ground.narrowing import narrowing_of
from projects.database.keyset import Position
from projects.models import Project


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The ids of those that stand beside an issue; None at an end of the list."""

    previous: int | None = None
    next: int | None = None


def read_neighbours(asked: ListQuery, issue: Issue, projects: Sequence[Project], *, at: datetime) -> Neighbours:
    """Return what a list of these projects has before and after an issue: a look into its index each.

    By what the list is sorted by, so that it works for an issue that is in the list no more: whoever resolves one goes
    on from where it stood.

    :param asked: the list; from where on it was shown does not count.
    """
    project_ids: Sequence[int] = [project.pk for project in projects]
    terms = names.resolve(asked.terms, project_ids, at=at)
    narrowing = narrowing_of(terms, project_ids)
    found, project_ids = narrowing.narrow(Issue.objects.matching(terms, at=at)), narrowing.project_ids
    sort = asked.position.sort
    key = (getattr(issue, sort.column), issue.pk)
    ways = [
        found.page(project_ids, asked.statuses, at=at, position=Position(sort, key, backwards=backwards), limit=1)
        for backwards in (True, False)
    ]
    previous, following = (next((pk for _, pk in keys), None) for keys in ways)
    return Neighbours(previous, following)
