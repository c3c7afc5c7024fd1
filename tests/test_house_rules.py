"""What would be forgotten otherwise (docs/decisions, README "adding a mutation")."""

import ast
import dataclasses
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from issues.enums import ActivityKind
from issues.models import BEFORE_STATE, Issue, Mutation
from issues.mutation import IssueMutation, NamedIssues
from issues.reading.items import read_items, read_names
from issues.serializers.mutations import IssueMutationSerializer
from issues.services import bulk, undo
from issues.services.deletion import HANGING_ON_ISSUES
from issues.services.ground import history
from issues.services.ground.parts import Part
from issues.services.verbs import MARKS, PARTS, Answered, Marked, Shown
from issues.services.verbs.merging import WHAT_FOLLOWS_A_MERGE
from issues.views.wishes import read_wish
from issuetracker.openapi.shapes import SCHEMAS
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW, IssueFactory, ReleaseFactory

ROOT = Path(__file__).resolve().parent.parent

# For each wish, bodies that ask for it; the issues are unresolved, private, nobody's, unmarked and unmerged before.
BODIES: dict[str, list[dict[str, Any]]] = {
    "status": [
        {"status": "resolved"},
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        {"status": "resolved", "statusDetails": {"inRelease": "latest"}},
        {"status": "ignored"},
        {"status": "muted", "ignoreDuration": 30},
        {"status": "ignored", "snoozeDuration": 30},
        {"status": "ignored", "statusDetails": {"ignoreCount": 5, "ignoreWindow": 60}},
        {"status": "ignored", "ignoreUserCount": 5, "ignoreUserWindow": 60},
    ],
    "assignment": [{"assignedTo": "jane"}, {"assignedTo": "#powerful-abolitionist"}],
    "priority": [{"priority": "high"}, {"priority": "low"}],
    "is_public": [{"isPublic": True}],
    "has_seen": [{"hasSeen": True}],
    "is_bookmarked": [{"isBookmarked": True}],
    "is_subscribed": [{"isSubscribed": True}],
    "merge": [{"merge": True}],
}
OF_NEITHER = {"merge": "links between issues: merging.restore"}
NOT_A_WISH = {"body", "says_which", "substatus", "ignored_keys"}


def test_every_wish_has_a_body() -> None:
    wishes = {field.name for field in dataclasses.fields(IssueMutation)} - NOT_A_WISH

    assert set(BODIES) == wishes


def test_every_wish_is_of_one_part_or_mark_or_is_said_to_be_of_neither() -> None:
    of_parts, of_marks = [part.wish for part in PARTS], [mark.wish for mark in MARKS]

    assert Counter([*of_parts, *of_marks, *OF_NEITHER]) == Counter(list(BODIES))


def test_mutations_keep_every_mark() -> None:
    columns = {field.column for field in Mutation._meta.concrete_fields}

    assert {name for mark in MARKS for name in (mark.wish, mark.ids)} <= columns
    assert [mark.wish for mark in MARKS] == list(history.VALUES_OF_MARKS)
    assert [mark.ids for mark in MARKS] == list(history.IDS_OF_MARKS)
    assert {mark.key for mark in MARKS} == set(history.MARKS)


TOTALS = (
    *("first_seen", "last_seen", "times_seen", "users_seen"),
    *("comment_count", "first_release_id", "last_release_id"),
)
# Which columns of an issue a wish may change; a merge also computes what the parent shows.
COLUMNS = {wish: set[str]() for wish in BODIES} | {part.wish: set(part.columns) for part in PARTS}
COLUMNS["merge"] = {"merged_into_id", *TOTALS}


def stored(issues: list[Issue]) -> dict[str, list[Any]]:
    """Return each column of these issues, but for the stamp of the last mutation."""
    columns = [field.attname for field in Issue._meta.concrete_fields if field.attname != "mutation_id"]
    rows = Issue.objects.filter(pk__in=[issue.pk for issue in issues]).order_by("pk").values_list(*columns)
    return {column: list(values) for column, *values in zip(columns, *rows, strict=True)}


@pytest.mark.django_db
@pytest.mark.parametrize(("wish", "body"), [(wish, body) for wish, bodies in BODIES.items() for body in bodies])
def test_every_wish_comes_from_its_body_changes_what_is_its_own_and_is_undone(
    wish: str, body: dict[str, Any], project: Project, jane: User
) -> None:
    ReleaseFactory(projects=[project])
    issues = [IssueFactory(project=project), IssueFactory(project=project)]
    by = Caller(user=jane)

    mutation = read_wish(body, organization_id=project.organization_id, projects=[project], by=by, at=NOW)
    scope = NamedIssues(project.pk, ids=frozenset(issue.pk for issue in issues))
    before = stored(issues)
    outcome = bulk.mutate(scope, mutation, Act(by=by, at=NOW + timedelta(seconds=1), lock_timeout=5))

    asked = {name for name in BODIES if getattr(mutation, name) is not None}
    assert asked == {wish}
    assert mutation.body == body
    assert (outcome.matched, outcome.changed) == (2, 2)
    changed = {column for column, values in stored(issues).items() if values != before[column]}
    assert changed <= COLUMNS[wish]

    assert outcome.mutation_id is not None
    undone = undo.undo(project.pk, outcome.mutation_id, Act(by=by, at=NOW + timedelta(seconds=2), lock_timeout=5))

    assert (undone.changed, undone.skipped) == (2, 0)
    assert stored(issues) == before


# ---------------------------------------------------------------------------------------------------------------------
# What is stored, told, shown and checked of an issue belongs to one part (services/verbs), or is said to be of none
# ---------------------------------------------------------------------------------------------------------------------

KINDS_OF_NO_PART = {
    ActivityKind.MERGE: "links between issues: merging.restore",
    ActivityKind.UNMERGE: "likewise",
    ActivityKind.NOTE: "it overwrites nothing, and is no mutation",
}
COLUMNS_OF_NO_PART = {
    **dict.fromkeys(("id", "project_id", "short_number"), "which issue it is"),
    **dict.fromkeys(("type", "level", "logger", "platform"), "what its events said"),
    **{f"{own}{number}": "numbers, which events change, and the tree" for own in ("", "own_") for number in TOTALS},
    "merged_into_id": "a link between issues: merging.restore",
    "mutation_id": "the stamp of the request that changed it last",
}


def test_every_column_of_an_issue_is_of_one_part() -> None:
    of_parts = [column for part in PARTS for column in part.columns]
    columns = [field.column for field in Issue._meta.concrete_fields]

    assert Counter([*of_parts, *COLUMNS_OF_NO_PART]) == Counter(columns)


def test_activities_keep_every_column_of_a_part() -> None:
    kept = {f"before_{column}" for part in PARTS for column in part.columns}

    assert kept | {"before_merged_into_id"} == set(BEFORE_STATE)


def test_every_kind_of_activity_is_of_one_part() -> None:
    of_parts = [kind for part in PARTS for kind in part.kinds]

    assert Counter([*of_parts, *KINDS_OF_NO_PART]) == Counter(ActivityKind)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_kind_of_activity_is_checked(part: Part) -> None:
    assert set(part.checked.left) == set(part.kinds)
    assert set(part.checked.overwrote) == set(part.kinds)


@pytest.mark.django_db
def test_answers_have_every_key_of_every_part_and_mark_once(project: Project, jane: User) -> None:
    """As the types say that mypy holds answers against, and of which the document is made (issues/answers.py)."""
    by = Caller(user=jane)
    (item,) = read_items([project], [IssueFactory(project=project).pk], by=by, at=NOW)
    body = {key: value for part in PARTS for key, value in BODIES[part.wish][0].items()}
    asked = read_wish(body, organization_id=project.organization_id, projects=[project], by=by, at=NOW)

    shown = [key for part in PARTS for key in part.shown(item, read_names([item]))]
    answered = [key for part in PARTS for key in part.answered(getattr(asked, part.wish))]

    assert sorted(shown) == sorted(Shown.__annotations__)
    assert sorted(answered) == sorted(Answered.__required_keys__)
    assert [mark.key for mark in MARKS] == list(Marked.__annotations__)
    assert Answered.__annotations__.keys() <= {key for part in PARTS for key in part.asked}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Issue", Shown.__annotations__),
        ("WholeIssue", Shown.__annotations__),
        ("ChangedParts", Shown.__annotations__ | Marked.__annotations__),
        ("IssueChangesMade", Answered.__annotations__ | Marked.__annotations__),
        ("IssueChanges", {key for part in PARTS for key in part.asked} | {mark.key for mark in MARKS}),
    ],
)
def test_the_document_has_what_parts_and_marks_say(name: str, keys: Iterable[str]) -> None:
    assert set(keys) <= set(SCHEMAS[name]["properties"])


def test_the_document_has_every_key_that_is_read() -> None:
    assert set(SCHEMAS["IssueChanges"]["properties"]) == set(IssueMutationSerializer._declared_fields)


def test_every_relation_to_an_issue_is_said_to_follow_a_merge_or_not() -> None:
    relations = {relation.get_accessor_name() for relation in Issue._meta.related_objects}

    assert set(WHAT_FOLLOWS_A_MERGE) == relations


def test_who_writes_the_releases_of_an_issues_own_lets_the_index_of_releases_know() -> None:
    """A search for a release finds nothing that IssueRelease lacks. What else names these columns reads them."""
    write = {
        "issues/services/occurrences/making.py",  # both write what counting.py hands on to places.py
        "issues/services/occurrences/writing.py",
        "issues/services/releases.py",  # takes them away, with their rows in the index
        "issues/management/commands/seed_issues.py",
    }
    read = {"issues/services/verbs/totals.py", "issues/integrity/trees.py", "issues/integrity/places.py"}
    found = {
        str(path.relative_to(ROOT))
        for app in ("issues", "events", "projects", "desk", "issuetracker")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and "own_last_release" in path.read_text()
    }

    assert found - {"issues/models.py"} == write | read


def test_every_table_that_hangs_on_issues_is_deleted_with_them() -> None:
    models = {relation.related_model for relation in Issue._meta.related_objects}

    assert set(HANGING_ON_ISSUES) == models - {Issue}
    assert len(HANGING_ON_ISSUES) == len(set(HANGING_ON_ISSUES))


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# ---------------------------------------------------------------------------------------------------------------------
# Who and when are arguments; one module opens the transaction
# ---------------------------------------------------------------------------------------------------------------------

SERVICES = sorted([*(ROOT / "issues" / "services").rglob("*.py"), *(ROOT / "projects" / "database").glob("*.py")])
MEANING = sorted((ROOT / "events" / "meaning").rglob("*.py"))
# What requests do, and what is done to whole tables: by migrations, and by `manage.py partition` and `distribute`.
OPENS_TRANSACTIONS = {"transactions.py", "keys.py", "dividing.py", "citus.py"}
WAIT = {"transactions.py", "replica.py", "watching.py"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "timezone", "django.utils.timezone"}
SETTINGS = {"settings", "django.conf.settings", "os", "environ"}
TRANSACTIONS = {
    "atomic",
    "transaction",
    "django.db.transaction",
    "savepoint",
    "commit",
    "rollback",
    "set_autocommit",
    "on_commit",
}


def words(source: str) -> Iterator[str]:
    """Yield what a module imports, and the attributes and names it uses; comments and texts say what they like."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Attribute(attr=attr):
                yield attr
            case ast.Name(id=name):
                yield name


def test_there_are_services_to_read() -> None:
    assert len(SERVICES) > 30
    assert len(MEANING) > 15


@pytest.mark.parametrize("path", [*SERVICES, *MEANING], ids=lambda path: path.stem)
def test_no_service_reads_a_clock_or_settings(path: Path) -> None:
    used = set(words(path.read_text()))
    waits = {"monotonic"} if path.name in WAIT else set()  # how long it has tried; no time of a row

    assert used.isdisjoint((CLOCKS - waits) | SETTINGS)


@pytest.mark.parametrize(
    "path", [path for path in SERVICES if path.name not in OPENS_TRANSACTIONS], ids=lambda path: path.stem
)
def test_no_service_but_one_opens_a_transaction(path: Path) -> None:
    used = set(words(path.read_text()))

    assert used.isdisjoint(TRANSACTIONS)


# ---------------------------------------------------------------------------------------------------------------------
# The admin acts through the services, and writes nothing itself
# ---------------------------------------------------------------------------------------------------------------------

# projects/admin/ saves credentials, places and people, and knows nothing of issues; the desk keeps searches.
ADMIN = sorted(
    path
    for path in [*(ROOT / "desk").rglob("*.py"), ROOT / "issues" / "admin.py", ROOT / "issuetracker" / "site.py"]
    if "migrations" not in path.parts and path != ROOT / "desk" / "searches.py"
)
WRITES = {
    # Not "update", which dicts have: of querysets there are none here (tests/test_reading_rules.py).
    *("save", "asave", "save_model", "save_base", "delete", "adelete", "delete_model"),
    *("create", "acreate", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "raw"),
    *("construct_change_message", "log_change", "log_addition", "log_deletions", "executemany", "copy_expert"),
}
WRITES_SQL = re.compile(r"\b(insert|update|delete|truncate|merge|alter|drop|copy|lock)\b", re.IGNORECASE)


def statements(source: str) -> Iterator[str]:
    """Yield the SQL that a module executes: what is no text that stands there could be anything, and is not allowed."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="execute"), args=[ast.Constant(value=str(sql)), *_]):
                yield sql
            case ast.Call(func=ast.Attribute(attr="execute")):
                yield "UPDATE of who knows what"


def test_there_are_modules_of_the_admin_to_read() -> None:
    assert len(ADMIN) > 10


@pytest.mark.parametrize("path", ADMIN, ids=lambda path: path.stem)
def test_no_module_of_the_admin_writes(path: Path) -> None:
    source = path.read_text()

    assert set(words(source)).isdisjoint(WRITES | TRANSACTIONS)
    assert [sql for sql in statements(source) if WRITES_SQL.search(sql)] == []


def test_no_file_of_the_tests_is_longer_than_400_lines() -> None:
    """Whoever looks for a test reads one file: split it by what it is about."""
    lengths = {path.relative_to(ROOT): path.read_text().count("\n") for path in (ROOT / "tests").rglob("*.py")}

    assert len(lengths) > 100
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_imports_point_down() -> None:
    """The contracts stand in pyproject.toml."""
    lint = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert lint.returncode == 0, lint.stdout + lint.stderr
    assert ", 0 broken" in lint.stdout
