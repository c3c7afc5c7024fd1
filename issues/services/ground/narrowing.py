"""Among which issues all are that a search finds, where an index of its own tells and they are few.

Asked for before a list is walked. A walk ends soon where what is searched for is common, and passes all issues where it
is rare; which of the two it is, PostgreSQL can only guess while it plans. So it is looked at: what is rare is read by
the index that knows it, and the search asks those issues alone (docs/decisions/0076).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.expressions import RawSQL

from issues.conditions import any_text_holds
from issues.models import Environment, Issue
from issues.querysets import IssueQuerySet
from issues.search import Term
from issues.search import conditions as terms
from issues.services.ground import words
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.statements import Statement, kept
from projects.models import Release

# More than that are not looked up one by one. A walk past fifty for each that it finds costs the same, where that many
# are one in fifty of a million.
FEW = 20_000

# So many of the newest issues tell whether words are common: where one in so many has them, a walk fills a page soon.
NEWEST, COMMON = 500, 25

NEWEST_FIRST = ("-first_seen", "-id")  # as an index has them

Ids = tuple[list[int], bool]  # of issues, merged ones too, and whether they are all


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What indexes tell of a search: the projects that may have any of its issues; ids of issues, among which those are
    that it finds, where they are few; or else the first of them, if any are told."""

    project_ids: Sequence[int]
    ids: Sequence[int]
    are_all: bool
    is_of_common_words: bool = False

    def narrow(self, found: IssueQuerySet) -> IssueQuerySet:
        """Return the same issues, which match the search; asked for by their ids, where they are few."""
        return found.among(self.ids) if self.are_all else found

    def narrow_locked(self, found: IssueQuerySet) -> IssueQuerySet:
        """Return the same issues, which match the search; by their ids, too, where they are few.

        Not fenced, as ``narrow`` has it: of what is locked, all conditions are asked again after the wait.
        """
        return found.filter(id__any_of=self.ids) if self.are_all else found

    def first(self, found: IssueQuerySet, limit: int) -> list[tuple[int, int]]:
        """Return project and id of up to ``limit`` of these issues, which match the search, in no order.

        Where those that are told first are not all, they may well be enough.
        """
        rows = found.among(self.ids).in_each(self.project_ids, limit, in_all=limit) if self.ids or self.are_all else []
        if self.are_all or len(rows) == limit:
            return rows
        return found.in_each(self.project_ids, limit, in_all=limit, largest_first=self.is_of_common_words)

    def any_in_each(self, found: IssueQuerySet) -> list[tuple[int, int]]:
        """Return project and id of one of these issues, which match the search, in each project that has any."""
        # In an order, or PostgreSQL would read the index of all texts for each project, to find one of that.
        order = NEWEST_FIRST if self.is_of_common_words else ()
        return self.narrow(found).in_each(self.project_ids, 1, in_all=None, order=order)

    def largest(self, found: IssueQuerySet) -> list[int]:
        """Return the largest project that has any of these issues, which match the search; of common words."""
        rows = found.in_each(self.project_ids, 1, in_all=1, order=NEWEST_FIRST, largest_first=True)
        return [project_id for project_id, _ in rows]


def narrowing_of(search: Sequence[Term], project_ids: Sequence[int]) -> Narrowing:
    """Look up what a search of these projects can be narrowed to.

    :param search: with ids for the names in it.
    """
    project_ids = _with_places(search, project_ids)
    told: Ids = ([], False)
    for term in search if project_ids else ():
        for read in _readers(term):
            found = _of_groups(read, project_ids)
            if found[1]:
                return Narrowing(project_ids, *found)
            told = found if found[0] else told
    texts = [asked for asked in (_conditions(term, terms.HasText) for term in search) if asked]
    if not texts or not project_ids:
        return Narrowing(project_ids, *told)
    with_words = _of_groups(partial(_with_words, texts), project_ids)
    return Narrowing(project_ids, *(with_words if with_words[1] else told), is_of_common_words=not with_words[1])


def _with_places(search: Sequence[Term], project_ids: Sequence[int]) -> Sequence[int]:
    """Return the projects that have an environment which is asked for, and a release: each is one project's."""
    for kind, model, ids_of in (
        (terms.IsSeenIn, Environment, _environments_of),
        (terms.IsOfRelease, Release, _releases_of),
    ):
        asked = next(filter(None, (_conditions(term, kind) for term in search)), ())
        ids = ids_of(asked)
        if len(project_ids) > 1 and ids:
            of = model.objects.filter(project__in=project_ids, pk__in=ids)
            project_ids = sorted(of.order_by().values_list("project_id", flat=True).distinct()) or project_ids
    return project_ids


def _environments_of(asked: Sequence[terms.IsSeenIn]) -> list[int]:
    return sorted({pk for each in asked for pk in each.environment_ids})


def _releases_of(asked: Sequence[terms.IsOfRelease]) -> list[int]:
    return sorted({pk for each in asked for pk in each.release_ids})


ASSIGNED = terms.IsAssignedTo | terms.IsAssignedToTeamsOf


def _conditions(term: Term, kinds: Any) -> tuple[Any, ...]:
    """Return what a term asks for, where any of it is enough and all is of these kinds; else nothing."""
    if term.negated or not all(isinstance(each, kinds) for each in term.conditions):
        return ()
    return term.conditions


def _of_groups(read: Callable[[Sequence[int]], Ids], project_ids: Sequence[int]) -> Ids:
    ids: list[int] = []
    for group in citus.together(project_ids):
        found, are_all = read(group)
        ids += found
        if not are_all or len(ids) > FEW:
            return ids, False
    return ids, True


def _seen_in(asked: Sequence[terms.IsSeenIn], project_ids: Sequence[int]) -> Ids:
    """Return what was seen in these environments, and what that was merged into."""
    return _placed("issues_issueenvironment", "environment_id", _environments_of(asked), project_ids)


def _of_releases(asked: Sequence[terms.IsOfRelease], project_ids: Sequence[int]) -> Ids:
    """Return what was first or last seen in these releases, and what that was merged into: what a tree shows is of one
    of its issues (the invariant RELEASES_SHOWN)."""
    return _placed("issues_issuerelease", "release_id", _releases_of(asked), project_ids)


def _placed(table: str, column: str, place_ids: Sequence[int], project_ids: Sequence[int]) -> Ids:
    """Return the issues that this table has in these places, and what they were merged into."""
    if not place_ids:
        return [], True
    # One project by its value: where projects are spread over machines, it says which of them to ask.
    of, same = (
        ("= %(project_id)s", "= %(project_id)s")
        if len(project_ids) == 1
        else ("= ANY(%(project_ids)s::bigint[])", "= above.project_id")
    )
    # Counted before the same ones fall together: an issue is there once for each place. Where they are too many,
    # nothing is looked up above them. In one array, which is read in a third of the time of 20,000 rows.
    statement = Statement(
        f"""
        WITH RECURSIVE seen AS MATERIALIZED (
            SELECT project_id, issue_id FROM {table}
            WHERE project_id {of} AND {column} = ANY(%(place_ids)s::bigint[])
            LIMIT {FEW + 1:d}
        ),
        number AS MATERIALIZED (SELECT count(*) AS of_rows FROM seen),
        above AS (
            SELECT project_id, issue_id AS id FROM seen
            UNION
            SELECT issue.project_id, issue.merged_into_id
            FROM above JOIN issues_issue AS issue ON issue.id = above.id AND issue.project_id {same}
            WHERE issue.merged_into_id IS NOT NULL
        )
        SELECT of_rows,
               CASE WHEN of_rows <= {FEW:d} THEN ARRAY(SELECT id FROM above) ELSE ARRAY(SELECT issue_id FROM seen) END
        FROM number
        """,
        {},
    )
    ((number, ids),) = statement.by_index(joins_all=True).rows(
        project_id=project_ids[0], project_ids=as_array(project_ids), place_ids=as_array(place_ids)
    )
    return ids, number <= FEW


def _assigned_to(asked: Sequence[Any], project_ids: Sequence[int]) -> Ids:
    """Return what is assigned to these users, to these teams, and to those of these users."""
    to = [each for each in asked if isinstance(each, terms.IsAssignedTo)]
    of = "= %(project_id)s" if len(project_ids) == 1 else "= ANY(%(project_ids)s::bigint[])"
    of_teams = "SELECT team_id FROM projects_team_members WHERE user_id = ANY(%(member_ids)s::bigint[])"
    visible = f"SELECT id FROM issues_issue WHERE project_id {of} AND merged_into_id IS NULL"
    statement = Statement(
        f"""
        SELECT DISTINCT id FROM (
            ({visible} AND assignee_user_id = ANY(%(user_ids)s::bigint[]) LIMIT {FEW + 1:d})
            UNION ALL
            ({visible} AND assignee_user_id IS NULL AND assignee_team_id = ANY(%(team_ids)s::bigint[])
             LIMIT {FEW + 1:d})
            UNION ALL
            ({visible} AND assignee_user_id IS NULL AND assignee_team_id = ANY(ARRAY({of_teams}))
             LIMIT {FEW + 1:d})
        ) AS assigned
        """,
        {},
    )
    rows = statement.by_index().rows(
        project_id=project_ids[0],
        project_ids=as_array(project_ids),
        user_ids=as_array(pk for each in to for pk in each.user_ids),
        team_ids=as_array(pk for each in to for pk in each.team_ids),
        member_ids=as_array(each.user_id for each in asked if isinstance(each, terms.IsAssignedToTeamsOf)),
    )
    return [pk for (pk,) in rows], len(rows) <= FEW


KNOWN: Sequence[tuple[Any, Callable[[Any, Sequence[int]], Ids]]] = (
    (terms.IsSeenIn, _seen_in),
    (terms.IsOfRelease, _of_releases),
    (ASSIGNED, _assigned_to),
)


def _readers(term: Term) -> Iterator[Callable[[Sequence[int]], Ids]]:
    """Yield what asks an index for the issues that a term finds, if there is one that knows them."""
    for kinds, read in KNOWN:
        asked = _conditions(term, kinds)
        if asked:
            yield partial(read, asked)
    words_named = [each for each in term.conditions if isinstance(each, terms.NamesWord)]
    if len(words_named) == len(term.conditions):
        yield partial(_with_names, words_named, term.negated)


def _with_names(names: Sequence[terms.NamesWord], negated: bool, project_ids: Sequence[int]) -> Ids:
    """Return what has one of these platforms or loggers, or none of them; nothing, where many have."""
    ids = words.few(names, project_ids, FEW, negated=negated)
    return ids or [], ids is not None


def _with_words(texts: Sequence[Sequence[terms.HasText]], project_ids: Sequence[int]) -> Ids:
    """Return what has all of these in its text; nothing, where many have."""
    has_words = reduce(and_, map(any_text_holds, texts))
    if _are_common(has_words, project_ids):
        return [], False
    issues = Issue.objects.within(project_ids).visible().filter(has_words)
    ids = issues.order_by().values_list("id")[: FEW + 1]
    rows = kept(*ids.query.sql_with_params()).by_index().alone().rows()
    return [pk for (pk,) in rows], len(rows) <= FEW


def _are_common(has_words: Q, project_ids: Sequence[int]) -> bool:
    """Return whether many of the newest issues have these words."""
    project: Any = project_ids[0] if len(project_ids) == 1 else RawSQL("scope.project_id", ())
    each = -(-NEWEST // len(project_ids))
    issues = Issue.objects.filter(project_id=project).visible()
    newest = issues.order_by(*NEWEST_FIRST).annotate(has_words=ExpressionWrapper(has_words, BooleanField()))
    sql, params = newest.values_list("has_words")[:each].query.sql_with_params()
    counted = kept(
        f"""
        SELECT count(*), count(*) FILTER (WHERE newest.has_words)
        FROM unnest(%s::bigint[]) AS scope (project_id) CROSS JOIN LATERAL ({sql}) AS newest (has_words)
        """,
        [as_array(project_ids), *params],
    )
    number, with_words = counted.by_index().alone().rows()[0]
    return bool(with_words * COMMON > number)
