"""Which issues: conditions that compose. Below models.py: a queryset needs ``self``, never the class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple, Self

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Model,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable, RawSQL

from issues import search, short_ids
from issues.enums import SAYS_URGENCY, STEPS_OF_URGENCY, IssueStatus
from issues.mutation import AllIssues
from issues.search import Condition
from issues.search import conditions as terms
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.keyset import Key, Position, Sort
from projects.database.statements import Statement, hole, kept
from projects.models import Team
from projects.querysets import is_id

Moment = datetime | RawSQL  # a time, or the hole that it will stand in
Sql = tuple[str, Sequence[Any]]  # a query with its parameters
_Step = tuple[QuerySet[Any], Callable[[QuerySet[Any]], Sql]]  # keys, and how they are walked


_BOOLEAN: BooleanField[bool, bool] = BooleanField()  # made once: each takes longer than a small condition


def condition(sql: str, *params: Any) -> RawSQL:
    """Return a condition on a row of ``issues_issue``: for filters, and for statements by hand.

    As SQL, since what a service asks of a row that it has locked takes longer to say in the words of the ORM than
    PostgreSQL takes to answer. It must never be NULL, of which neither ``x`` nor ``NOT x`` is true; and it names the
    table, since a filter may join others.
    """
    return RawSQL(sql, params, _BOOLEAN)


def _at(sql: str, at: Moment) -> RawSQL:
    """Return a condition that compares with one instant, wherever ``%s`` stands in it."""
    return condition(sql.replace("%s", at.sql)) if isinstance(at, RawSQL) else condition(sql, *[at] * sql.count("%s"))


# Of what is ignored: the terms have not run out at an instant.
_TERMS_HOLD = """
    (issues_issue.snooze_ends_at IS NULL OR issues_issue.snooze_ends_at > %s)
    AND (issues_issue.snooze_ends_at_times_seen IS NULL
         OR issues_issue.snooze_ends_at_times_seen > issues_issue.times_seen)
    AND (issues_issue.snooze_ends_at_users_seen IS NULL
         OR issues_issue.snooze_ends_at_users_seen > issues_issue.users_seen)
"""
_SNOOZE_IS_OVER = f"(issues_issue.status = 'ignored' AND NOT ({_TERMS_HOLD}))"
_SNOOZE_HOLDS = f"(issues_issue.status = 'ignored' AND {_TERMS_HOLD})"


def snooze_is_over(at: Moment) -> RawSQL:
    """Return the condition "ignored, but the terms have run out": such an issue counts as unresolved (contract 1.5).

    Read from the row, so that it holds from the very instant, with no job having run. Terms with a window never run out
    by themselves: the event that fulfils them ends them.
    """
    return _at(_SNOOZE_IS_OVER, at)


def status_counts_as(statuses: Iterable[IssueStatus], *, at: Moment) -> RawSQL:
    """Return the condition "the status is any of these, at this instant": the one place that knows the rule."""
    asked = frozenset(statuses)
    rules = [sql for status, sql in _COUNTS_AS.items() if status in asked]
    sql = " OR ".join(rules) or "false"  # no status at all: nothing
    return _at(sql, at)


_COUNTS_AS = {
    IssueStatus.UNRESOLVED: f"issues_issue.status = 'unresolved' OR {_SNOOZE_IS_OVER}",
    IssueStatus.RESOLVED: "issues_issue.status = 'resolved'",
    IssueStatus.IGNORED: _SNOOZE_HOLDS,
}


def _parts(statuses: Iterable[IssueStatus] | None, sort: Sort, *, at: Moment) -> list[Q | RawSQL]:
    """Return conditions that exclude each other, each with a walk of its own in an index (Issue.Meta.indexes)."""
    if statuses is None:
        return [Q(status=status) for status in IssueStatus] if sort.column in BY_STATUS else [Q()]
    parts: dict[IssueStatus, list[Q | RawSQL]] = {
        IssueStatus.UNRESOLVED: [Q(status=IssueStatus.UNRESOLVED), *_ended(at)],
        IssueStatus.RESOLVED: [Q(status=IssueStatus.RESOLVED)],
        IssueStatus.IGNORED: [_at(_SNOOZE_HOLDS, at)],
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
    # The id as a sum, which no index is in the order of: for issues that all have the number that is asked for,
    # PostgreSQL would walk the issues of all projects by their ids.
    sql, params = keys.order_by().query.sql_with_params()
    number, pk = _direction(position).split(", ")
    pk = pk.replace("2", "issues_issue.id + 0")
    return f"{sql} ORDER BY {number}, {pk} LIMIT {limit:d}", params


# So many snoozes that have ended are read and sorted; where a project has more, a walk in the order of the list comes
# across them soon.
FEW = 5_000


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


# The columns by which Issue.Meta.indexes can be walked.
INDEXED_SORTS = frozenset({"last_seen", "first_seen"})

# By these, each status is walked by itself, and what was snoozed in its own index: they are in the order of last seen.
BY_STATUS = frozenset({"last_seen", "urgency"})

# By these, those with at least so many are in an index (Issue.Meta.indexes), and nearly all that anybody looks at.
HOT_SORTS = frozenset({"times_seen", "users_seen"})
HOT = 100


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


# The most urgent first, and among those the last seen: as one time, so that a page begins behind one value. Each step
# is as if an issue had been seen a thousand years later.
URGENCY = "urgency"
STEP = timedelta(days=365_250)


def urgency_of(word: str, last_seen: datetime) -> datetime:
    """Return what an issue is sorted by where the most urgent comes first; ``word`` is that of ``SAYS_URGENCY``."""
    return last_seen + STEPS_OF_URGENCY[word] * STEP


def _urgency() -> Combinable:
    steps = [When(**{SAYS_URGENCY: word}, then=Value(steps * STEP)) for word, steps in STEPS_OF_URGENCY.items()]
    return ExpressionWrapper(F("last_seen") + Case(*steps), output_field=DateTimeField())


def _direction(position: Position) -> str:
    """Return what a list of keys is ordered by, where they are columns one and two."""
    word = "DESC" if position.sort.descending is not position.backwards else "ASC"
    return f"1 {word}, 2 {word}"


def holds(term: Condition, *, at: datetime) -> Q | RawSQL:
    """Return what a condition of a search stands for; never NULL, so that what it leaves out is what ``~`` finds.

    :raises LookupError: it is a name that nobody looked up; "matches nothing" would be everything, negated.
    """
    match term:
        case search.AnyOf(conditions):
            return reduce(or_, (holds(each, at=at) for each in conditions))
        case terms.HasText(text, title_only):
            in_title = Q(text__title__like=f"%{like(text)}%")
            return in_title if title_only else in_title | Q(text__culprit__like=f"%{like(text)}%")
        case terms.HasStatus(status):
            return status_counts_as({status}, at=at)
        case terms.IsIgnored(how):
            return _at(f"{_SNOOZE_HOLDS} AND {_IGNORED[how]}", at)
        case terms.IsReopened(reopened_as):
            return condition("coalesce(issues_issue.reopened_as = %s, false)", reopened_as.value)
        case terms.IsAssigned():
            return Q(assignee_user__isnull=False) | Q(assignee_team__isnull=False)
        case terms.IsAssignedToNobody():
            return Q(assignee_user__isnull=True, assignee_team__isnull=True)
        case terms.IsAssignedToTeamsOf(user_id):
            # Said for the index of those that are assigned: that what is in a set is not NULL, PostgreSQL doesn't see.
            of_teams = Q(assignee_team__in=Team.objects.filter(members=user_id).values("pk"))
            return Q(assignee_team__isnull=False) & of_teams
        case terms.IsAssignedTo(user_ids, team_ids):
            return _is_one_of("assignee_user_id", user_ids) | _is_one_of("assignee_team_id", team_ids)
        case terms.IsBookmarked(user_id):
            return condition(_BOOKMARKED, user_id)
        case terms.IsPublic():
            return Q(share_id__isnull=False)
        case terms.IsAnError():
            return condition("true")
        case terms.HasWord(column, word):
            return Q(**{column: word})
        case terms.HasCount(column, comparison, number):
            return Q(**{f"{column}{_LOOKUPS[comparison]}": number})
        case terms.IsSeenAt(column, comparison, moment):
            return Q(**{f"{column}{_LOOKUPS[comparison]}": moment})
        case terms.IsSeenWithin(column, ago, longer):
            return Q(**{f"{column}__{'lte' if longer else 'gte'}": at - ago})
        case terms.IsOfRelease(release_ids, first_only):
            first = _is_one_of("first_release_id", release_ids)
            return first if first_only else first | _is_one_of("last_release_id", release_ids)
        case terms.IsSeenIn(environment_ids):
            return condition(_SEEN_IN, as_array(environment_ids), as_array(environment_ids))
        case terms.IsOfProject(project_ids):
            return _is_one_of("project_id", project_ids)
        case terms.NamesWord(column, word):
            return Q(**{f"{column}__like": like(word)})
        case terms.NamesId(pk):
            return Q(pk=pk)
    raise LookupError(f"Nobody has looked up what {term} is.")


# What a comparison is where the term is negated: neither column is ever NULL.
_OPPOSITE: Mapping[str, str] = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def implied(term: search.Term, *, at: datetime) -> Q | None:
    """Return what a term about when an issue was first seen says of when it was last seen, or the other way round; None
    where it says nothing.

    Nothing is seen last before it is seen first: the constraints ``issues_issue_first_seen_is_first`` and
    ``issues_issue_totals_include_own``, of every row. So it leaves nothing out, and ends a walk in the order of the
    other column, which would look for what is new among all that is old.
    """
    match term.condition:
        case terms.IsSeenAt(column, comparison, moment):
            word: str = comparison
        case terms.IsSeenWithin(column, ago, longer):
            word, moment = "<=" if longer else ">=", at - ago
        case _:
            return None
    if term.negated:
        word = _OPPOSITE[word]
    if column == "first_seen" and word in {">", ">="}:
        return Q(**{f"last_seen{_LOOKUPS[word]}": moment})
    if column == "last_seen" and word in {"<", "<="}:
        return Q(**{f"first_seen{_LOOKUPS[word]}": moment})
    return None


def _is_one_of(column: str, ids: Iterable[int]) -> RawSQL:
    """Return the condition that a column has one of these ids; of none, and of NULL, it is false."""
    name = f"issues_issue.{column}"
    return condition(f"({name} IS NOT NULL AND {name} = ANY(%s::bigint[]))", as_array(ids))


def like(pattern: search.Pattern) -> str:
    """Return what LIKE reads as this pattern."""
    return "%".join(re.sub(r"([\\%_])", r"\\\1", part) for part in pattern.parts)


_LOOKUPS = {"": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}
_HAS_TERMS = """
    num_nonnulls(
        issues_issue.snooze_ends_at, issues_issue.snooze_ends_at_times_seen, issues_issue.snooze_ends_at_users_seen,
        issues_issue.snooze_window_count, issues_issue.snooze_window_user_count
    ) > 0
"""
_UNTIL_ESCALATING = "issues_issue.snooze_escalates_above IS NOT NULL"
_IGNORED = {
    "forever": f"NOT ({_HAS_TERMS}) AND NOT ({_UNTIL_ESCALATING})",
    "until_escalating": f"({_UNTIL_ESCALATING})",
    "under_terms": f"({_HAS_TERMS})",
}
_BOOKMARKED = """
    EXISTS (
        SELECT FROM issues_issuebookmark AS bookmark
        WHERE bookmark.issue_id = issues_issue.id AND bookmark.user_id = %s
          AND bookmark.project_id = issues_issue.project_id
    )
"""


# Itself; or, for those into which something was merged, any of the tree. As values, each looked up by the issue: as
# EXISTS, PostgreSQL may read what all issues were seen in, to look for one among them.
_SEEN_IN = """
    (
        coalesce(
            (
                SELECT true FROM issues_issueenvironment AS seen
                WHERE seen.project_id = issues_issue.project_id AND seen.issue_id = issues_issue.id
                  AND seen.environment_id = ANY(%s::bigint[])
                LIMIT 1
            ),
            false
        )
        OR coalesce(
            (
                WITH RECURSIVE below AS (
                    SELECT child.project_id, child.id FROM issues_issue AS child
                    WHERE child.project_id = issues_issue.project_id AND child.merged_into_id = issues_issue.id
                    UNION ALL
                    SELECT child.project_id, child.id FROM below CROSS JOIN LATERAL (
                        SELECT project_id, id FROM issues_issue
                        WHERE project_id = below.project_id AND merged_into_id = below.id
                        OFFSET 0
                    ) AS child
                )
                SELECT true FROM below CROSS JOIN LATERAL (
                    SELECT FROM issues_issueenvironment AS seen
                    WHERE seen.project_id = below.project_id AND seen.issue_id = below.id
                      AND seen.environment_id = ANY(%s::bigint[])
                    LIMIT 1
                ) AS seen
                LIMIT 1
            ),
            false
        )
    )
"""


# Where what is counted is looked for, in no order over all: so PostgreSQL stops as soon as it has enough.
ANYWHERE = Position(Sort("last_seen"))


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


def _statement(issues: IssueQuerySet, walk: _Walk) -> Statement:
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


@lru_cache(maxsize=256)
def _kept_statement(model: type[Model], walk: _Walk) -> Statement:
    """Return the same for all issues: most lists are not searched, and saying it takes as long as reading it."""
    issues: Any = model._default_manager.all()
    return _statement(issues, walk)


# The most that a tree shows of events, users or comments, and of events in an hour: what its column takes, but for room
# above it for the end of any snooze by count (at most 2,147,483,647 more), so that merging never shortens one.
MOST = 2**63 - 2**31
MOST_IN_AN_HOUR = 2**31 - 1


def total(number: str) -> str:
    """Return SQL for what the root of a ``tree (root, id)`` shows of a number, from its ``own`` and those under it.

    It saturates: a sum that no column takes is shown as the most, and never as less than the root's own.
    """
    of_root = f"max(own.own_{number}) FILTER (WHERE own.id = tree.root)"
    return f"greatest(least(sum(own.own_{number}), {MOST}), {of_root})::bigint"


def merged(keys: Iterable[list[Key]], position: Position, limit: int) -> list[Key]:
    """Return the first keys of several pages, each in the order in which it is read."""
    descending = position.sort.descending is not position.backwards
    return sorted((key for page in keys for key in page), reverse=descending)[:limit]


class IssueQuerySet(QuerySet[Any]):
    def sortable(self, sort: Sort) -> Self:
        """Read along what a list is sorted by, where that is no column."""
        return self.annotate(**{URGENCY: _urgency()}) if sort.column == URGENCY else self

    def with_ids(self, project_id: int, ids: Sequence[int]) -> Self:
        """Keep these issues of this project, merged ones too."""
        return self.filter(project_id=project_id, id__any_of=ids)

    def of_projects(self, project_ids: Iterable[int] | QuerySet[Any]) -> Self:
        """Keep the issues of these projects, merged ones too."""
        return self.filter(project__in=project_ids)

    def named(self, word: str) -> Self:
        """Keep the one issue that a path names, merged or not: by id, or by short id, which is one per organization."""
        short_id = short_ids.read(word)
        if short_id is not None:
            slug, number = short_id
            return self.filter(project__slug=slug, short_number=number)
        return self.filter(pk=int(word.lstrip("0"))) if is_id(word) else self.none()

    def visible(self) -> Self:
        """Leave out what was merged into another issue."""
        return self.filter(merged_into__isnull=True)

    def with_status(self, statuses: Iterable[IssueStatus], *, at: datetime) -> Self:
        """Keep the issues whose status is any of these at this instant."""
        return self.filter(status_counts_as(statuses, at=at))

    def matching(self, search_terms: Iterable[search.Term], *, at: datetime) -> Self:
        """Keep the issues for which every term of a search holds; its names are looked up before (ground/names.py)."""
        issues = self
        for term in search_terms:
            found = holds(term.condition, at=at)
            issues = issues.filter(~found if term.negated else found)
            bound = implied(term, at=at)
            issues = issues if bound is None else issues.filter(bound)
        return issues

    def in_scope(self, scope: AllIssues, *, at: datetime) -> Self:
        """Keep the issues that this scope is about."""
        issues = self.filter(project_id=scope.project_id).visible().matching(scope.terms, at=at)
        return issues if scope.statuses is None else issues.with_status(scope.statuses, at=at)

    def with_status_shown(self, *, at: Moment) -> Self:
        """Add ``status_shown``: the status that the issue counts as at this instant."""
        return self.annotate(
            status_shown=Case(When(snooze_is_over(at), then=Value(IssueStatus.UNRESOLVED.value)), default=F("status"))
        )

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
        if len(groups) > 1:
            keys = [self.page(group, statuses, at=at, position=position, limit=limit) for group in groups]
            return merged(keys, position, limit)
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
        if len(groups) > 1:
            firsts = [
                self.first_page(group, statuses, at=at, start=start, limit=limit, count_to=count_to) for group in groups
            ]
            return merged([keys for keys, _ in firsts], start, limit), min(sum(count for _, count in firsts), count_to)
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

    def in_each(self, project_ids: Sequence[int], limit: int, *, in_all: int | None) -> list[tuple[int, int]]:
        """Return project and id of up to ``limit`` of these issues in each of these projects, in no order; and no more
        than ``in_all`` of them together."""
        project = project_ids[0] if len(project_ids) == 1 else RawSQL("scope.project_id", ())
        ids = self.filter(project_id=project).order_by().values_list("id")[:limit]
        sql, params = ids.query.sql_with_params()
        found: list[tuple[int, int]] = (
            kept(
                f"""
                SELECT scope.project_id, found.id
                FROM unnest(%s::bigint[]) AS scope (project_id) CROSS JOIN LATERAL ({sql}) AS found (id)
                {"" if in_all is None else f"LIMIT {in_all:d}"}
                """,
                [as_array(project_ids), *params],
            )
            .by_index()
            .rows()
        )
        return found

    def count_up_to(
        self, limit: int, project_ids: Sequence[int], statuses: Iterable[IssueStatus] | None, *, at: datetime
    ) -> int:
        """Count the visible issues of these statuses; there may be more when the answer is ``limit``."""
        groups = citus.together(project_ids)
        if len(groups) > 1:
            return min(sum(self.count_up_to(limit, group, statuses, at=at) for group in groups), limit)
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

    def locked(self, *, to_delete: bool = False, wait: bool = True) -> Self:
        """Lock the rows in the order of their ids, which is what keeps two requests from deadlocking.

        FOR NO KEY UPDATE lets others still insert rows that point at the issue, a note or a mark; FOR UPDATE, for rows
        that will be deleted, makes those wait. Only an evaluated query locks; without ``wait`` it fails when somebody
        else has one of them.
        """
        return self.order_by("id").select_for_update(no_key=not to_delete, of=("self",), nowait=not wait)


def size_of_activity() -> RawSQL:
    """Return about how many bytes of JSON an activity has, where it may be large: a merge, or a note."""
    return RawSQL("octet_length(issues_activity.data::text)", (), output_field=BigIntegerField())


def size_of_mutation(project_id: int) -> RawSQL:
    """Return about how many bytes of JSON describe a mutation in a list, where it may be large; not fewer."""
    return RawSQL(
        """
        coalesce(
            (
                SELECT coalesce(
                    -- which are kept in ascending order: the last has most digits; and quotes, a comma and a blank
                    cardinality(shown.ids) * (length(shown.ids[cardinality(shown.ids)]::text) + 4), 0
                ) + coalesce(octet_length(to_json(shown.query)::text), 0)
                FROM issues_mutation AS shown
                WHERE shown.project_id = %s
                  AND shown.id = coalesce(issues_mutation.scope_of, issues_mutation.id)
            ),
            0
        )
        + octet_length(issues_mutation.body::text)
        """,
        (project_id,),
        output_field=BigIntegerField(),
    )
