"""Every writer ...: of activities and subscriptions, whose issue the database does not look up (decision 35)."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from issues.models import Issue
from issues.mutation import NamedIssues
from issues.services import notes
from projects.callers import Caller
from projects.models import Project, Team, User
from tests.acts import act
from tests.api_client import Api
from tests.concurrency.sessions import Foreign
from tests.factories import LONG_AGO, IssueFactory, IssueHashFactory
from tests.issues.services.occurrences.batches import DAY, count, event

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("projects", "issues", "issuetracker")
WRITE = re.compile(r'\b(?:INSERT INTO|COPY) "?(issues_activity|issues_issuesubscription)\b')
MODELS = {"Activity", "IssueSubscription"}

# ---------------------------------------------------------------------------------------------------------------------
# Who writes such rows
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Writer:
    """A text in the code that writes such a row: SQL, in the parts between its holes; or a call of the ORM, if None."""

    module: str
    function: str
    sql: tuple[str, ...] | None

    def __str__(self) -> str:
        return f"{self.module}.{self.function}: {plain(' '.join(self.sql or ['by the ORM']))[:90]}"

    def has_said(self, sql: str, callers: set[tuple[str, str]]) -> bool:
        """Return whether this statement is its own."""
        if self.sql is None:
            return (self.module, self.function) in callers
        # Part by part. An expression with as many holes takes seconds to say no to a long statement.
        text, at = plain(sql), 0
        for part in self.sql:
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return True


def plain(sql: str) -> str:
    """Return it on one line, with no names for its values: what sends it may take them away."""
    return " ".join(re.sub(r"%\(\w+\)s", "%s", sql).split())


@cache
def writers() -> frozenset[Writer]:
    return frozenset(read_writers())


def read_writers() -> Iterator[Writer]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield from writers_in(ast.parse(path.read_text()), module)


def writers_in(tree: ast.AST, module: str, function: str = "<module>") -> Iterator[Writer]:
    for node in ast.iter_child_nodes(tree):
        within = node.name if isinstance(node, ast.FunctionDef) else function
        text = text_of(node)
        if text is not None:
            if WRITE.search(text):
                yield Writer(module, within, parts_of(node))
        else:
            if is_made_by_orm(node):
                yield Writer(module, within, None)
            yield from writers_in(node, module, within)


def text_of(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return plain(text)
        case ast.JoinedStr(values=parts):
            return plain("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts))  # type: ignore[misc] # of an f-string: all are str
    return None


def parts_of(node: ast.AST) -> tuple[str, ...]:
    """Return what the text has around its holes."""
    return tuple(part.strip() for part in (text_of(node) or "").split("{}"))


def is_made_by_orm(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=ast.Name(id=name)), attr=verb)):
            return name in MODELS and re.search("create|copy", verb) is not None
        case ast.Call(func=ast.Name(id=name)):
            return name in MODELS
    return False


# ---------------------------------------------------------------------------------------------------------------------
# What they are watched at
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Watch:
    """After each statement that writes such rows, asks as a deletion would whether it could have their issues."""

    deleter: Foreign
    seen: set[Writer] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        tables = set(WRITE.findall(sql))
        result = execute(sql, params, many, context)
        if tables:
            running = callers()
            found = {writer for writer in writers() if writer.has_said(sql, running)}
            self.seen |= found
            self.unknown += [] if found else [plain(sql)]
        for table in tables:
            issue_ids = read(f"SELECT DISTINCT issue_id FROM {table} WHERE xmin = pg_current_xact_id()::xid")
            if self.deleter.could_delete(issue_ids):
                self.free.append(plain(sql))
        return result


def read(sql: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [value for (value,) in cursor.fetchall()]


def callers() -> set[tuple[str, str]]:
    """Return the functions that are running, each with its module."""
    found = set()
    frame = sys._getframe()
    while frame := frame.f_back:  # type: ignore[assignment] # None ends it
        found.add((frame.f_globals.get("__name__", ""), frame.f_code.co_name))
    return found


@pytest.mark.django_db(transaction=True)
def test_holds_the_issue_until_the_commit(api: Api, project: Project, team: Team, jane: User, foreign: Foreign) -> None:
    """A deletion waits for it then, and takes along what it wrote; and it finds no issue that a deletion has taken.

    A writer that is not seen here needs a request, or an event, that makes it write.
    """
    elder, issue, other = (
        IssueFactory(project=project, own_first_seen=LONG_AGO),
        *IssueFactory.create_batch(2, project=project),
    )
    team.members.add(jane)
    IssueHashFactory(issue=other, hash=event().hash.hex)
    watch = Watch(foreign)

    with connection.execute_wrapper(watch):
        resolved = put(api, {"status": "resolved"}, issue, other)
        api.undo(resolved, auth="jane")
        api.undo(put(api, {"status": "ignored"}), auth="jane")
        put(api, {"assignedTo": "#powerful-abolitionist", "isPublic": True, "isBookmarked": True}, issue)
        api.undo(put(api, {"isSubscribed": False}, issue), auth="jane")
        put(api, {"isSubscribed": True}, elder)
        merged = put(api, {"merge": True}, elder, issue, other)
        unmerged = put(api, {"merge": False}, elder)
        api.undo(unmerged, auth="jane")
        api.undo(merged, auth="jane")
        api.request("POST", f"/api/0/issues/{issue.pk}/notes/", {"text": "Look."}, auth="jane")
        notes.add_each([NamedIssues(project.pk, ids=frozenset({issue.pk}))], "Look.", act(Caller(user=jane)))
        put(api, {"status": "resolved"}, other)
        assert count(project, event(at=datetime.now(UTC) + DAY), check=False).reopened == 1

    assert watch.unknown == []
    assert watch.free == []
    assert sorted(map(str, writers() - watch.seen)) == []


def put(api: Api, body: object, *issues: Issue) -> str:
    """Change issues, or all; return the mutation."""
    answer = api.put(api.issues_url, body, ids=[issue.pk for issue in issues], auth="jane")
    assert answer.headers["Issues-Changed"] != "0"
    return answer.headers["Mutation-Id"]


def test_is_found_in_the_code() -> None:
    """However it says so."""
    code = '''
ONE = f"""WITH a AS (INSERT INTO {table} SELECT 1) INSERT INTO issues_activity
    ({columns}) SELECT id"""
def two(rows):
    cursor.execute("INSERT INTO" ' "issues_issuesubscription" (id) VALUES (1)')
    Activity.objects.bulk_create(Activity(id=row) for row in rows)
    return IssueSubscription.objects.filter(id=1), "DELETE FROM issues_activity"
'''

    found = list(writers_in(ast.parse(code), "module"))

    assert [(writer.function, writer.sql is None) for writer in found] == [
        ("<module>", False),
        ("two", False),
        ("two", True),
        ("two", True),
    ]
    assert found[0].has_said(
        "WITH a AS (INSERT INTO x SELECT 1)\nINSERT INTO issues_activity (id, at) SELECT id", set()
    )
    assert not found[1].has_said("INSERT INTO issues_activity (id) VALUES (1)", set())
    assert found[2].has_said("", {("module", "two")})
