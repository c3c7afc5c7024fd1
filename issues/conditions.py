"""What may be asked of an issue's row, as conditions in SQL: its status at an instant, and each term of a search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Q
from django.db.models.expressions import Col, RawSQL
from django.db.models.lookups import Exact

from issues import search
from issues.enums import IssueStatus
from issues.search import Condition
from issues.search import conditions as terms
from projects.database.arrays import as_array
from projects.models import Team

Moment = datetime | RawSQL  # a time, or the hole that it will stand in


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


def holds(term: Condition, *, at: datetime) -> Q | RawSQL:
    """Return what a condition of a search stands for; never NULL, so that what it leaves out is what ``~`` finds.

    :raises LookupError: it is a name that nobody looked up; "matches nothing" would be everything, negated.
    """
    match term:
        case search.AnyOf(conditions):
            return reduce(or_, (holds(each, at=at) for each in conditions))
        case terms.HasText():
            return any_text_holds([term])
        case terms.HasStatus(status):
            return status_counts_as({status}, at=at)
        case terms.IsIgnored(how):
            return _at(f"{_SNOOZE_HOLDS} AND {_IGNORED[how]}", at)
        case terms.IsReopened(reopened_as):
            # Said for the index of those, as of those that are assigned.
            is_it = "(issues_issue.reopened_as IS NOT NULL AND issues_issue.reopened_as = %s)"
            return condition(is_it, reopened_as.value)
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
            return _InItsProject(_BOOKMARKED, (user_id,), _BOOLEAN)
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
            return _InItsProject(_SEEN_IN, (as_array(environment_ids), as_array(environment_ids)), _BOOLEAN)
        case terms.IsOfProject(project_ids):
            return _is_one_of("project_id", project_ids)
        case terms.NamesWord(column, word):
            # ILIKE, of which PostgreSQL knows how many have it; of LIKE in capitals it believes that few have.
            return condition(f"issues_issue.{column} ILIKE %s", like(word))
        case terms.NamesId(pk):
            return Q(pk=pk)
    raise LookupError(f"Nobody has looked up what {term} is.")


def any_text_holds(conditions: Iterable[terms.HasText]) -> Q:
    """Return what stands for "the text has one of these", of which there is one at least."""
    return reduce(or_, map(_has_text, conditions))


def _has_text(condition: terms.HasText) -> Q:
    pattern = f"%{like(condition.text)}%"
    in_title = Q(text__title__like=pattern)
    return in_title if condition.title_only else in_title | Q(text__culprit__like=pattern)


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
          AND bookmark.project_id = {project}
    )
"""


# Itself; or, for those into which something was merged, any of the tree: that they are such is asked first, since to
# begin with a tree takes longer than all the rest. As values, each looked up by the issue: as EXISTS, PostgreSQL may
# read what all issues were seen in, to look for one among them.
_SEEN_IN = """
    (
        coalesce(
            (
                SELECT true FROM issues_issueenvironment AS seen
                WHERE seen.project_id = {project} AND seen.issue_id = issues_issue.id
                  AND seen.environment_id = ANY(%s::bigint[])
                LIMIT 1
            ),
            false
        )
        OR coalesce(
            (
                SELECT true FROM issues_issue AS child
                WHERE child.project_id = {project} AND child.merged_into_id = issues_issue.id
                LIMIT 1
            ),
            false
        )
        AND coalesce(
            (
                WITH RECURSIVE below AS (
                    SELECT child.id FROM issues_issue AS child
                    WHERE child.project_id = {project} AND child.merged_into_id = issues_issue.id
                    UNION ALL
                    SELECT child.id FROM below CROSS JOIN LATERAL (
                        SELECT deeper.id FROM issues_issue AS deeper
                        WHERE deeper.project_id = {project} AND deeper.merged_into_id = below.id
                        OFFSET 0
                    ) AS child
                )
                SELECT true FROM below CROSS JOIN LATERAL (
                    SELECT FROM issues_issueenvironment AS seen
                    WHERE seen.project_id = {project} AND seen.issue_id = below.id
                      AND seen.environment_id = ANY(%s::bigint[])
                    LIMIT 1
                ) AS seen
                LIMIT 1
            ),
            false
        )
    )
"""


class _InItsProject(RawSQL):
    """SQL with the project that the query is about in place of ``{project}``, as its value: where projects are spread
    over machines, one of them is asked then, and by a column none could be."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        sql, params = super().as_sql(compiler, connection)
        return sql.format(project=_project_of(compiler.query)), params


def _project_of(query: Any) -> str:
    """Return what a query compares its issues' project with, as SQL: a value, or a hole for one; else their column."""
    for each in query.where.children:
        if isinstance(each, Exact) and isinstance(each.lhs, Col) and each.lhs.target.column == "project_id":
            return each.rhs.sql if isinstance(each.rhs, RawSQL) else f"{each.rhs:d}"
    return "issues_issue.project_id"
