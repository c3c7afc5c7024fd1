"""Lists of issues, read page by page: each page is a walk along indexes of ``Issue.Meta``, from a position to a limit.

The one place that says which index is walked for which order, and how what no index is in the order of is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, Self

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Model, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable, RawSQL

from issues.conditions import Moment, condition, status_counts_as
from issues.enums import SAYS_URGENCY, STEPS_OF_URGENCY, IssueStatus
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.keyset import Key, Position, Sort
from projects.database.statements import Statement, hole, kept

Sql = tuple[str, Sequence[Any]]  # a query with its parameters
_Step = tuple[QuerySet[Any], Callable[[QuerySet[Any]], Sql]]  # keys, and how they are walked

# The most urgent first, and among those the last seen: as one time, so that a page begins behind one value. Each step
# is as if an issue had been seen a thousand years later.
URGENCY = "urgency"
STEP = timedelta(days=365_250)

# The columns by which Issue.Meta.indexes can be walked.
INDEXED_SORTS = frozenset({"last_seen", "first_seen"})

# By these, each status is walked by itself, and what was snoozed in its own index: they are in the order of last seen.
BY_STATUS = frozenset({"last_seen", URGENCY})

# By these, those with at least so many are in an index (Issue.Meta.indexes), and nearly all that anybody looks at.
HOT_SORTS = frozenset({"times_seen", "users_seen"})
HOT = 100

# Where what is counted is looked for, in no order over all: so PostgreSQL stops as soon as it has enough.
ANYWHERE = Position(Sort("last_seen"))

# So many snoozes that have ended are read and sorted; where a project has more, a walk in the order of the list comes
# across them soon.
FEW = 5_000


def urgency_of(word: str, last_seen: datetime) -> datetime:
    """Return what an issue is sorted by where the most urgent comes first; ``word`` is that of ``SAYS_URGENCY``."""
    return last_seen + STEPS_OF_URGENCY[word] * STEP


def _urgency() -> Combinable:
    steps = [When(**{SAYS_URGENCY: word}, then=Value(steps * STEP)) for word, steps in STEPS_OF_URGENCY.items()]
    return ExpressionWrapper(F("last_seen") + Case(*steps), output_field=DateTimeField())


class WalkedQuerySet(QuerySet[Any]):
    """Issues that can be listed in an order."""

    _few: str | None = None  # ids, as an array in SQL

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc] # not in the stubs
        clone._few = self._few
        return clone

    def within(self, project_ids: Sequence[int]) -> Self:
        """Keep the issues of these projects, of which there is one at least; of one by its number."""
        one = len(project_ids) == 1
        return self.filter(project_id=project_ids[0]) if one else self.filter(project__in=project_ids)

    def among(self, ids: Sequence[int]) -> Self:
        """Say that all of them are among these few: each is looked up, and no index is walked for a page."""
        found: Self = self._chain()  # type: ignore[attr-defined] # not in the stubs
        found._few = as_array(sorted(ids))
        return found

    def sortable(self, sort: Sort) -> Self:
        """Read along what a list is sorted by, where that is no column."""
        return self.annotate(**{URGENCY: _urgency()}) if sort.column == URGENCY else self

    def visible(self) -> Self:
        """Leave out what was merged into another issue."""
        return self.filter(merged_into__isnull=True)

    def page(
        self,
        project_ids: Sequence[int],
        statuses: Iterable[IssueStatus] | None,
        *,
        at: datetime,
        position: Position,
        limit: int,
    ) -> list[Key]:
        """Return the keys of up to ``limit`` visible issues of these projects next to ``position``, as they are read.

        Each project and each part of the statuses walks an index of its own from the position on and stops at the
        limit, however large the projects are; a condition over all of them at once would read and sort everything.
        """
        groups = citus.together(project_ids)
        if len(groups) != 1:
            keys = [self.page(group, statuses, at=at, position=position, limit=limit) for group in groups]
            return merged(keys, position, limit)
        if self._few is not None:
            return self._sort_few(project_ids, statuses, position, limit, at=at)
        if position.sort.column in HOT_SORTS and position.sort.descending is not position.backwards:
            return self._hot_first(project_ids, statuses, position, limit, at=at)
        walk = self._walk(project_ids, statuses, position, limit)
        return walk.by_index().rows(**_values(project_ids, position, at=at))

    def _hot_first(
        self,
        project_ids: Sequence[int],
        statuses: Iterable[IssueStatus] | None,
        position: Position,
        limit: int,
        *,
        at: datetime,
    ) -> list[Key]:
        """Return the keys next to a position, the largest number first: out of the index of the hot ones; of the
        others, which have none and must all be read and sorted, only where the hot ones are too few."""
        values, found = _values(project_ids, position, at=at), list[Key]()
        if position.key is None or position.key[0] >= HOT:
            walk = self._walk(project_ids, statuses, position, limit, hot=True)
            found = walk.by_index().alone().rows(**values)
        if len(found) == limit:
            return found
        walk = self._walk(project_ids, statuses, position, limit - len(found), cold=True)
        return found + walk.by_index().rows(**values)

    def _sort_few(
        self,
        project_ids: Sequence[int],
        statuses: Iterable[IssueStatus] | None,
        position: Position,
        limit: int,
        *,
        at: datetime,
    ) -> list[Key]:
        """Return what ``page`` does, of issues that are few: each is looked up by its id."""
        issues = self.sortable(position.sort).within(project_ids).visible().filter(position.beyond())
        if statuses is not None:
            issues = issues.filter(status_counts_as(statuses, at=at))
        keys = issues.values_list(position.sort.column, "id")
        return self._look_up(project_ids, _sorted(keys, position, limit))

    def _look_up(self, project_ids: Sequence[int], asked: Sql) -> list[Any]:
        """Return what is answered of these few to a query of issues.

        Fenced: for a condition that another index knows, PostgreSQL would go by that one, and compare what it finds
        there with each of the ids.
        """
        of = "= %(project_id)s" if len(project_ids) == 1 else "= ANY(%(project_ids)s::bigint[])"
        fence = f"""
            FROM (
                SELECT * FROM issues_issue
                WHERE project_id {of} AND id = ANY((SELECT %(ids)s::bigint[])::bigint[])
                OFFSET 0
            ) AS "issues_issue"
        """
        statement = kept(*asked)
        fenced = replace(statement, sql=statement.sql.replace('FROM "issues_issue"', fence, 1))
        return (
            fenced.by_index()
            .alone()
            .rows(ids=self._few, project_id=next(iter(project_ids), None), project_ids=as_array(project_ids))
        )

    def first_page(
        self,
        project_ids: Sequence[int],
        statuses: Iterable[IssueStatus] | None,
        *,
        at: datetime,
        start: Position,
        limit: int,
        count_to: int,
    ) -> tuple[list[Key], int]:
        """Return the keys of the first page, and what ``count_up_to`` would.

        :param start: a position without a key.
        """
        groups = citus.together(project_ids)
        if len(groups) != 1:
            firsts = [
                self.first_page(group, statuses, at=at, start=start, limit=limit, count_to=count_to) for group in groups
            ]
            return merged([keys for keys, _ in firsts], start, limit), min(sum(count for _, count in firsts), count_to)
        if self._few is not None:
            keys = self._sort_few(project_ids, statuses, start, count_to, at=at)
            return keys[:limit], len(keys)
        if self.query.where or start.sort.column != "last_seen":
            # What is dear to find is looked for once, in no order: where that is all, it is sorted here. What is dear
            # to sort is sorted for the page alone.
            some = self._some(count_to, project_ids, statuses, at=at)
            if len(some) < count_to:
                return self._of_these(some, project_ids, start)[:limit], len(some)
            return self.page(project_ids, statuses, at=at, position=start, limit=limit), count_to
        # The page is where what is counted begins.
        walk = self._walk(project_ids, statuses, start, count_to).within(
            f"SELECT page.*, count(*) OVER () FROM ({{}}) AS page ORDER BY {_direction(start)} LIMIT {limit:d}"
        )
        rows = walk.by_index().rows(**_values(project_ids, start, at=at))
        return [(value, pk) for value, pk, _ in rows], rows[0][2] if rows else 0

    def in_each(
        self,
        project_ids: Sequence[int],
        limit: int,
        *,
        in_all: int | None,
        order: Sequence[str] = (),
        largest_first: bool = False,
    ) -> list[tuple[int, int]]:
        """Return project and id of up to ``limit`` of these issues in each of these projects, in no order; and no more
        than ``in_all`` of them together.

        :param order: in which they are looked for, by one process, where many of those that come first match.
        :param largest_first: whether to begin with the project that has most: for words. It may have enough by itself,
            and for each that is asked, an index is read that is of all projects.
        """
        groups = citus.together(project_ids)
        if len(groups) != 1:
            of = partial(self.in_each, limit=limit, in_all=in_all, order=order, largest_first=largest_first)
            return [row for group in groups for row in of(group)][:in_all]
        if self._few is not None:
            keys = self.within(project_ids).order_by().values_list("project_id", "id")
            few = groupby(sorted(self._look_up(project_ids, keys.query.sql_with_params())), key=itemgetter(0))
            return [row for _, rows in few for row in islice(rows, limit)][:in_all]
        project = project_ids[0] if len(project_ids) == 1 else RawSQL("scope.project_id", ())
        ids = self.filter(project_id=project).order_by(*order).values_list("id")[:limit]
        sql, params = ids.query.sql_with_params()
        asked = "unnest(%s::bigint[]) AS scope (project_id)"
        if largest_first and len(project_ids) > 1:
            asked = f"(SELECT * FROM {asked} {_LARGEST_FIRST}) AS scope"
        statement = kept(
            f"""
            SELECT scope.project_id, found.id
            FROM {asked} CROSS JOIN LATERAL ({sql}) AS found (id)
            {"" if in_all is None else f"LIMIT {in_all:d}"}
            """,
            [as_array(project_ids), *params],
        ).by_index()
        found: list[tuple[int, int]] = (statement.alone() if order else statement).rows()
        return found

    def count_up_to(
        self, limit: int, project_ids: Sequence[int], statuses: Iterable[IssueStatus] | None, *, at: datetime
    ) -> int:
        """Count the visible issues of these statuses; there may be more when the answer is ``limit``."""
        groups = citus.together(project_ids)
        if len(groups) != 1:
            return min(sum(self.count_up_to(limit, group, statuses, at=at) for group in groups), limit)
        if self._few is not None:
            return len(self._sort_few(project_ids, statuses, ANYWHERE, limit, at=at))
        walk = self._walk(project_ids, statuses, ANYWHERE, limit, is_sorted=False)
        counting = walk.within("SELECT count(*) FROM ({}) AS page").by_index().alone()
        count: int = counting.rows(**_values(project_ids, ANYWHERE, at=at))[0][0]
        return count

    def _some(
        self, limit: int, project_ids: Sequence[int], statuses: Iterable[IssueStatus] | None, *, at: datetime
    ) -> list[Key]:
        """Return up to ``limit`` keys, by the last event, of what ``count_up_to`` counts."""
        walk = self._walk(project_ids, statuses, ANYWHERE, limit, is_sorted=False)
        return walk.by_index().alone().rows(**_values(project_ids, ANYWHERE, at=at))

    def _of_these(self, keys: list[Key], project_ids: Sequence[int], start: Position) -> list[Key]:
        """Return the keys of the issues that these are of, sorted as a list from ``start`` on."""
        if keys and start.sort != ANYWHERE.sort:
            issues: Any = self.model._default_manager
            these = issues.sortable(start.sort).of_projects(project_ids).filter(id__any_of=[pk for _, pk in keys])
            keys = list(these.order_by().values_list(start.sort.column, "id"))
        return sorted(keys, reverse=start.sort.descending)

    def _walk(
        self,
        project_ids: Sequence[int],
        statuses: Iterable[IssueStatus] | None,
        position: Position,
        limit: int,
        *,
        is_sorted: bool = True,
        hot: bool = False,
        cold: bool = False,
    ) -> Statement:
        walk = _Walk(
            None if statuses is None else frozenset(statuses),
            position.sort,
            position.backwards,
            from_key=position.key is not None,
            from_hot=position.key is not None and position.sort.column in HOT_SORTS and position.key[0] >= HOT,
            of_one_project=len(project_ids) == 1,
            limit=limit,
            is_sorted=is_sorted,
            hot=hot,
            cold=cold,
        )
        model: type[Model] = self.model
        return _statement(self, walk) if self.query.where else _kept_statement(model, walk)


_LARGEST_FIRST = """
    ORDER BY (
        SELECT issue.short_number FROM issues_issue AS issue WHERE issue.project_id = scope.project_id
        ORDER BY issue.short_number DESC
        LIMIT 1
    ) DESC NULLS LAST
"""


# ---------------------------------------------------------------------------------------------------------------------
# The statement of a page
# ---------------------------------------------------------------------------------------------------------------------


class _Walk(NamedTuple):
    """What the words of a page's SQL depend on; all else are values."""

    statuses: frozenset[IssueStatus] | None
    sort: Sort
    backwards: bool
    from_key: bool  # from a position on, not from the start
    from_hot: bool  # and that is one of the hot ones
    of_one_project: bool
    limit: int
    is_sorted: bool  # over all parts, not in each of them alone
    hot: bool = False  # only of those that are hot
    cold: bool = False  # only of the others

    @property
    def position(self) -> Position:
        key: Any = (hole("value"), hole("pk")) if self.from_key else None  # as ``_values`` names them
        return Position(self.sort, key, backwards=self.backwards)


def _values(project_ids: Sequence[int], position: Position, *, at: datetime) -> dict[str, Any]:
    value, pk = position.key or (None, None)
    project_id = project_ids[0] if len(project_ids) == 1 else None
    return {"at": at, "project_ids": list(project_ids), "project_id": project_id, "value": value, "pk": pk}


@lru_cache(maxsize=256)
def _kept_statement(model: type[Model], walk: _Walk) -> Statement:
    """Return the same for all issues: most lists are not searched, and saying it takes as long as reading it."""
    issues: Any = model._default_manager.all()
    return _statement(issues, walk)


def _statement(issues: WalkedQuerySet, walk: _Walk) -> Statement:
    """Return the statement of a page of these issues, with the holes that ``_values`` fills."""
    # One project by its number, so that PostgreSQL knows how large it is; several, as it comes to each.
    project = hole("project_id") if walk.of_one_project else RawSQL("scope.project_id", ())
    at, position = hole("at"), walk.position
    here = issues.sortable(walk.sort).filter(project_id=project).visible().filter(position.beyond())
    if walk.cold:
        here = here.filter(**{f"{walk.sort.column}__lt": HOT})
    ended = _ended(at)
    everything = issues.model._default_manager.filter(project_id=project).visible()
    if walk.hot:  # whatever their status, they are in one index: one walk
        these = here if walk.statuses is None else here.filter(status_counts_as(walk.statuses, at=at))
        hottest = these.filter(**{f"{walk.sort.column}__gte": HOT}).values_list(walk.sort.column, "id")
        return _in_projects([hottest.order_by(*position.order())[: walk.limit].query.sql_with_params()], walk)
    parts = [
        _next_ended(here.filter(part), everything.filter(part), walk)
        if part in ended and walk.sort.column not in BY_STATUS
        else _next_keys(here.filter(part), walk)
        for part in _parts(walk.statuses, walk.sort, at=at)
    ]
    return _in_projects(parts, walk)


def _in_projects(parts: Sequence[Sql], walk: _Walk) -> Statement:
    """Return the statement of what these queries find, each in one project after the other."""
    keys = f"({' UNION ALL '.join(f'({sql})' for sql, _ in parts)}) AS part (sorted_by, id)"
    order = f"ORDER BY {_direction(walk.position)}" if walk.is_sorted else ""
    if not walk.of_one_project:
        keys = f"unnest(%(project_ids)s::bigint[]) AS scope (project_id) CROSS JOIN LATERAL {keys}"
    return kept(
        f"SELECT part.* FROM {keys} {order} LIMIT {walk.limit:d}",
        [param for _, params in parts for param in params],
    )


def _parts(statuses: Iterable[IssueStatus] | None, sort: Sort, *, at: Moment) -> list[Q | RawSQL]:
    """Return conditions that exclude each other, each with a walk of its own in an index (Issue.Meta.indexes)."""
    if statuses is None:
        return [Q(status=status) for status in IssueStatus] if sort.column in BY_STATUS else [Q()]
    parts: dict[IssueStatus, list[Q | RawSQL]] = {
        IssueStatus.UNRESOLVED: [Q(status=IssueStatus.UNRESOLVED), *_ended(at)],
        IssueStatus.RESOLVED: [Q(status=IssueStatus.RESOLVED)],
        IssueStatus.IGNORED: [status_counts_as({IssueStatus.IGNORED}, at=at)],
    }
    return [part for status in sorted(statuses) for part in parts[status]]


def _ended(at: Moment) -> list[Q]:
    """Return the conditions "its snooze has run out by time" and "by count, and not by time"."""
    by_count = Q(snooze_ends_at_times_seen__lte=F("times_seen")) | Q(snooze_ends_at_users_seen__lte=F("users_seen"))
    return [Q(snooze_ends_at__lte=at), by_count & (Q(snooze_ends_at__isnull=True) | Q(snooze_ends_at__gt=at))]


def _next_keys(issues: QuerySet[Any], walk: _Walk) -> Sql:
    """Return the SQL of the keys next to a position, for one part of a list."""
    position, limit = walk.position, walk.limit
    keys = issues.values_list(position.sort.column, "id")
    if position.sort.column == URGENCY:
        return _by_urgency(keys, position, limit)
    if walk.cold:
        return _sorted(keys, position, limit)
    if walk.from_hot:  # towards more: the others are hot, too
        keys = keys.filter(**{f"{position.sort.column}__gte": HOT})
    elif position.sort.column not in INDEXED_SORTS:
        return _sorted(keys, position, limit)
    return keys.order_by(*position.order())[:limit].query.sql_with_params()


def _sorted(keys: QuerySet[Any], position: Position, limit: int) -> Sql:
    """Return the SQL of the keys next to a position, for what no index is in the order of."""
    sql, params = keys.order_by().query.sql_with_params()
    return f"{sql} ORDER BY {_direction(position)} LIMIT {limit:d}", params


def _next_ended(issues: QuerySet[Any], ended: QuerySet[Any], walk: _Walk) -> Sql:
    """Return the SQL of the keys next to a position, of what was snoozed and is not any more.

    The index that such have is in the order of the default list. PostgreSQL can't know how few they are in a project,
    and for another order would walk that whole list to find them. So the first are read by their own index; where that
    is all, they are sorted.

    :param ended: all of them in the project, whatever else is asked.
    """
    newest = ended.order_by("-last_seen", "-id").values_list("id")
    first, of_first = newest[: FEW + 1].query.sql_with_params()
    # Named, so that they are what is looked up: of what is in this index PostgreSQL may believe it were half a project.
    are_few = condition(f"ended.number <= {FEW:d} AND issues_issue.id IN (SELECT id FROM first)")
    few, of_few = _sorted(issues.values_list(walk.sort.column, "id").filter(are_few), walk.position, walk.limit)
    many, of_many = _next_keys(issues.filter(condition(f"ended.number > {FEW:d}")), walk)
    return (
        f"""
        WITH first AS MATERIALIZED ({first})
        SELECT found.* FROM (SELECT count(*) AS number FROM first) AS ended CROSS JOIN LATERAL (
            ({few}) UNION ALL ({many})
        ) AS found
        """,
        [*of_first, *of_few, *of_many],
    )


def _by_urgency(keys: QuerySet[Any], position: Position, limit: int) -> Sql:
    """Return the SQL of the keys next to a position, the most urgent first: a walk by the last event for each word,
    from where it begins to where enough are found."""
    towards_less = position.sort.descending is not position.backwards
    order = Position(Sort("last_seen", position.sort.descending), backwards=position.backwards).order()
    steps: list[_Step] = []
    for word in sorted(STEPS_OF_URGENCY, key=STEPS_OF_URGENCY.__getitem__, reverse=towards_less):
        those = keys.filter(**{SAYS_URGENCY: word})
        if position.key is not None:  # what follows from it, said of the column that is walked
            begin = RawSQL(f"{position.key[0].sql} - %s", (STEPS_OF_URGENCY[word] * STEP,))
            those = those.filter(**{f"last_seen__{'lte' if towards_less else 'gte'}": begin})
        steps.append((those, lambda some: some.order_by(*order)[:limit].query.sql_with_params()))
    return _one_after_another(steps, limit)


def _one_after_another(steps: Sequence[_Step], limit: int) -> Sql:
    """Return the SQL of what these steps find, each but the first only where those before it find too few."""
    walks, params = [], list[Any]()
    for number, (keys, in_order) in enumerate(steps):
        # Beside the rows, not in a subquery: for that, PostgreSQL would start helpers before it looks at the number.
        sql, values = in_order(keys.filter(condition(f"taken.number < {limit:d}")) if number else keys)
        if number:
            before = " UNION ALL ".join(f"SELECT FROM step_{earlier}" for earlier in range(number))
            taken = f"(SELECT count(*) AS number FROM ({before}) AS step) AS taken"
            sql = f"SELECT found.* FROM {taken} CROSS JOIN LATERAL ({sql}) AS found"
        walks.append(f"step_{number} AS MATERIALIZED ({sql})")
        params += values
    found = " UNION ALL ".join(f"SELECT * FROM step_{number}" for number in range(len(steps)))
    return f"WITH {', '.join(walks)} {found}", params


def _direction(position: Position) -> str:
    """Return what a list of keys is ordered by, where they are columns one and two."""
    word = "DESC" if position.sort.descending is not position.backwards else "ASC"
    return f"1 {word}, 2 {word}"


def merged(keys: Iterable[list[Key]], position: Position, limit: int) -> list[Key]:
    """Return the first keys of several pages, each in the order in which it is read."""
    descending = position.sort.descending is not position.backwards
    return sorted((key for page in keys for key in page), reverse=descending)[:limit]
