"""What was selected: issues by their ids, or all that a search finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import BadRequest
from django.http import QueryDict

from desk.asking import Asked, read_asked
from desk.people import Visitor
from issues.mutation import AllIssues, IssueScope, NamedIssues
from issues.reading.selected import resolved
from issues.services.ground.finding import projects_of, split_by_project
from projects.models import Project
from projects.querysets import is_id

AT_MOST = 10_000  # issues that are named one by one


@dataclass(frozen=True, slots=True)
class Selection:
    """Issues of several projects, or none.

    :ivar among: the projects of them, and perhaps others.
    :ivar ids: by project, ascending; None for all that ``view`` finds.
    :ivar gone: ids among those that were selected of which somebody sees no issue.
    """

    visitor: Visitor
    among: Sequence[Project]
    ids: Mapping[int, frozenset[int]] | None
    gone: Sequence[int] = ()
    view: Asked | None = None

    @property
    def is_all(self) -> bool:
        return self.ids is None

    @property
    def count(self) -> int:
        """How many are named, those that are gone among them."""
        return sum(map(len, (self.ids or {}).values())) + len(self.gone)

    def projects(self, ids: Sequence[int]) -> list[Project]:
        """Return the projects with these ids, ascending."""
        return sorted((each for each in self.among if each.pk in ids), key=lambda project: project.pk)

    def scopes(self, *, only: Sequence[int] | None = None) -> Sequence[IssueScope]:
        """Return what the services are told: a scope for each project, ascending; ``only`` for some of them."""
        if self.ids is not None:
            return [NamedIssues(pk, ids=ids) for pk, ids in self.ids.items() if only is None or pk in only]
        assert self.view is not None
        among = tuple(sorted(project.pk for project in self.view.projects))
        return [
            AllIssues(pk, terms=self.view.terms, among=among, query=self.view.words)
            for pk in among
            if only is None or pk in only
        ]

    def all_scopes(self, *, at: datetime) -> list[AllIssues]:
        """Return the scopes of "all", with ids for the names in its search.

        :raises UnknownName: one of them names nothing.
        """
        return resolved([scope for scope in self.scopes() if isinstance(scope, AllIssues)], at=at)


def read_selection(data: QueryDict, visitor: Visitor) -> Selection | None:
    """Return what a form says was selected; None for nothing.

    With ``all`` it is all that the view finds whose parameters stand in the form; else the issues named by ``id`` and
    ``ids``, the latter with commas. Ids are taken by themselves: what left the list meanwhile is not left out in
    silence, the numbers of the page tell.

    :raises BadRequest: no page of the desk posts that.
    """
    if data.get("all"):
        view = read_asked(data, visitor)
        if view.query is None:
            raise BadRequest(view.error or "Choose some projects first.")
        return Selection(visitor, view.projects, None, view=view)
    words = [*data.getlist("id"), *(word for word in data.get("ids", "").split(",") if word)]
    if len(words) > AT_MOST or not all(map(is_id, words)):
        raise BadRequest(f"These are no ids of issues, or more than {AT_MOST:,}.")
    return named(map(int, words), visitor) if words else None


def named(ids: Iterable[int], visitor: Visitor) -> Selection:
    """Return a selection of these issues, as far as somebody sees them."""
    asked = frozenset(ids)
    projects = visitor.among(lambda: projects_of(asked))
    found = split_by_project(asked, [project.pk for project in projects])
    return Selection(visitor, projects, dict(sorted(found.items())), sorted(asked.difference(*found.values())))
