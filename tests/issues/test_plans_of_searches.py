"""No list and no search reads the rows of other projects: what EXPLAIN says, for each key, status and sort.

In tables that are large, of a project that has most of the issues and of one that has few.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import AllIssues
from issues.search import parse
from issues.search.keys import KEYS
from issues.serializers.list_query import SORTS
from issues.services.ground import names
from issues.services.ground.targets import AllTargets
from issues.walks import HOT_SORTS
from projects.database.keyset import Position, Sort
from projects.database.reading import OF_SAVEPOINTS
from tests.factories import NOW
from tests.issues.filled import COUNT, Cast, filled
from tests.plans import as_whole

# Values of each key, some of which no issue has, or no row.
VALUES = {
    "is": [
        *("unresolved", "resolved", "ignored", "archived", "muted", "archived_forever", "archived_until_condition_met"),
        *("archived_until_escalating", "regressed", "escalating", "assigned", "unassigned", "public", "bookmarked"),
    ],
    "assigned": ["me", "my_teams", "none", "nobody"],
    "bookmarks": ["me"],
    "level": ["error", "fatal"],
    "priority": ["medium", "high"],
    "platform": ["python", "py*", "cobol"],
    "logger": ["root", "r*t", "nothing"],
    "release": ["latest", "1.*", "nothing"],
    "firstRelease": ["latest", "1.*", "nothing"],
    "environment": ["production", "pro*", "nothing"],
    "timesSeen": ["1", ">500", ">1000000"],
    "userCount": ["1", ">0", ">1000000"],
    "age": ["-1h", "+30d", "+1000d"],
    "firstSeen": ["-1h", "+30d", "<2000-01-01"],
    "lastSeen": ["-1h", "+30d", "<2000-01-01"],
    "id": ["5", "9223372036854775807"],
    "project": ["nothing"],
    "title": ["pump", "c4ca4238a0b9", "nothing"],
    "message": ["pump", "spin", "nothing"],
    "issue.type": ["error"],
    "issue.category": ["error"],
}
# A table that hangs on issues is read by the issue, or by the project. Four indexes are of all projects
# (docs/decisions/0036): those of words, of share links, of bookmarks, and of what was merged into an issue, which is
# looked up by that one.
BY_ISSUE, BY_PROJECT = "issue_id = ", "project_id = "
OF_ALL_PROJECTS = {
    *("issues_issuetext_words", "issues_issue_share_id_is_unique", "issues_issuebookmark_once_per_user"),
    "issues_issue_children",
}


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    with django_db_blocker.unblock(), filled() as cast:
        yield cast


def read(cast: Cast, of: str, query: str, sorts: Iterable[Sort], statuses: set[IssueStatus] | None = None) -> None:
    """Ask for the first page of each order, and for the count, which has none."""
    project_ids = [getattr(cast, name).pk for name in of.split()]
    terms = names.resolve(parse(query, user_id=cast.user.pk, of_organization=True), project_ids, at=NOW)
    found = Issue.objects.matching(terms, at=NOW)
    for sort in sorts:
        found.page(project_ids, statuses, at=NOW, position=Position(sort), limit=101)
    found.count_up_to(1000, project_ids, statuses, at=NOW)


# A page of each order, whose hot ones are a statement of their own, and a count.
STATEMENTS = 1 + sum(2 if sort.column in HOT_SORTS else 1 for sort in SORTS.values())


def scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a plan that read a table or an index."""
    if "Relation Name" in plan or "Index Name" in plan:
        yield plan
    for below in plan.get("Plans", ()):
        yield from scans(below)


def of_others(scan: dict[str, Any], *, is_joined: bool) -> bool:
    """Return whether a scan reads rows of projects that nobody asked for."""
    table, index = (as_whole(scan.get(f"{what} Name", "")) for what in ("Relation", "Index"))
    name = index or table
    if (
        index in OF_ALL_PROJECTS or not name.startswith("issues_") or scan["Node Type"] == "Bitmap Heap Scan"
    ):  # which reads what its index found
        return False
    condition = scan.get("Index Cond", "")
    if is_joined and index == "issues_issue_pkey":  # of a project that has nearly all issues (docs/decisions/0036)
        return False
    if table == "issues_issue" or name.startswith("issues_issue_"):
        return BY_PROJECT not in condition and "(id = " not in condition
    return BY_ISSUE not in condition and BY_PROJECT not in condition


def is_joined(statement: str) -> bool:
    """Return whether a statement joins issues with words or bookmarks."""
    return "issues_issuetext" in statement or "issues_issuebookmark" in statement


def plan_of(sql: str, params: Any, context: Any) -> dict[str, Any]:
    settings, end, statement = sql.rpartition(";\n")
    with context["connection"].connection.cursor() as cursor:
        cursor.execute(f"{settings}{end}EXPLAIN (FORMAT JSON) {statement}", params)
        plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return plan


@contextmanager
def planned() -> Iterator[list[dict[str, Any]]]:
    """Give the plan of each statement that is said meanwhile."""
    plans: list[dict[str, Any]] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(OF_SAVEPOINTS):
            plans.append(plan_of(sql, params, context))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def has_rows(table: str) -> bool:
    """Return whether a table has rows, of whomever: of those that are divided, some parts have none."""
    with connection.connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
        return bool(cursor.fetchone()[0])


@pytest.fixture
def refuse_others(db: None) -> Iterator[Callable[[], int]]:
    """Explain what is said, and fail if it reads rows of others. Give how many statements were explained."""
    explained: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "AS part (" in sql:  # the page or the count, not a name that is looked up
            read = [scan for scan in scans(plan_of(sql, params, context)) if of_others(scan, is_joined=is_joined(sql))]
            foreign = [scan for scan in read if "Relation Name" not in scan or has_rows(scan["Relation Name"])]
            assert not foreign, foreign
            explained.append(sql)
            # Instead of it: its rows tell nothing more.
            sql, params = "SELECT 0" if "SELECT count(*) FROM (" in sql else "SELECT 0 WHERE false", None
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield lambda: len(explained)


def test_has_values_of_every_key() -> None:
    assert set(VALUES) == set(KEYS)


@pytest.mark.parametrize("of", ["project", "other", "empty", "project other"])
@pytest.mark.parametrize("key", KEYS)
def test_by_a_key_reads_no_rows_of_other_projects(
    cast: Cast, refuse_others: Callable[[], int], key: str, of: str
) -> None:
    signs = ("", "!") if of in ("project", "other") else ("",)
    queries = [f"{sign}{key}:{value}" for value in VALUES[key] for sign in signs]
    for query in queries:
        read(cast, of, query, SORTS.values())

    assert refuse_others() == STATEMENTS * len(queries)


@pytest.mark.parametrize("of", ["project", "other", "empty", "project other"])
@pytest.mark.parametrize("sort", SORTS)
def test_by_a_status_reads_no_rows_of_other_projects(
    cast: Cast, refuse_others: Callable[[], int], sort: str, of: str
) -> None:
    choices = [None, *({status} for status in IssueStatus), set(IssueStatus)]
    for statuses in choices:
        for query in ("", "assigned:me"):
            read(cast, of, query, [SORTS[sort]], statuses)

    assert refuse_others() == (6 if SORTS[sort].column in HOT_SORTS else 4) * len(choices)


@pytest.mark.parametrize("of", ["project", "other", "project other"])
@pytest.mark.parametrize(
    ("query", "sort", "bounds"),
    [
        ("firstSeen:-1h", "date", ("first_seen >= ", "last_seen >= ")),
        ("!firstSeen:+1h level:error", "date", ("first_seen > ", "last_seen > ")),
        ("lastSeen:+80d", "new", ("first_seen <= ", "last_seen <= ")),
    ],
)
def test_what_bounds_one_time_bounds_the_walk_by_the_other(
    cast: Cast, query: str, sort: str, bounds: tuple[str, str], of: str
) -> None:
    """Else a list looks for the one new issue among all that are old."""
    found = Issue.objects.matching(parse(query, user_id=cast.user.pk), at=NOW)
    project_ids = [getattr(cast, name).pk for name in of.split()]

    with planned() as plans:
        found.page(project_ids, None, at=NOW, position=Position(SORTS[sort]), limit=101)

    indexed = [scan for plan in plans for scan in scans(plan) if scan.get("Index Name", "").startswith("issues_issue_")]
    walks = [scan.get("Index Cond", "") for scan in indexed]
    assert walks
    assert [walk for walk in walks if not any(bound in walk for bound in bounds)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["environment", "release"])
def test_of_all_that_few_have_locks_by_what_an_index_tells(cast: Cast, place: str) -> None:
    """Else a project is read from its first issue to its last, and again to see whether others came."""
    term = cast.seen_in("environment 3000") if place == "environment" else cast.seen_in_the_release
    scope = AllIssues(cast.project.pk, terms=(term, *parse("level:error", user_id=1)))
    of_all = AllTargets(scope, mutation_id=0, up_to=COUNT)

    with planned() as plans:
        number = len(of_all.issues(at=NOW).locked())

    assert 0 < number <= COUNT / 100
    looked_up, locked = ([scan for scan in scans(plan) if "Index Name" in scan] for plan in plans)
    assert f"issues_issue{place}_where" in {as_whole(scan["Index Name"]) for scan in looked_up}
    by_id = [scan for scan in locked if as_whole(scan["Index Name"]) == "issues_issue_pkey"]
    assert ["(id = ANY" in scan["Index Cond"] for scan in by_id] == [True], locked
