"""`manage.py partition`: the same rows, keys, indexes and counters, in parts; and what is done with them later."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations import AddField, AddIndex, Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Index, TextField

from issues.models import Issue, Mutation
from issuetracker import postgres
from issuetracker.management.commands.partition import WHOLE
from projects.database import dividing, shards
from tests.assertions import snapshot
from tests.concurrency.sessions import Foreign
from tests.database import connected_to, copy_database
from tests.factories import IssueFactory, ReleaseFactory
from tests.invariants import broken
from tests.template import template

pytestmark = pytest.mark.django_db(transaction=True)

PARTS = 4
DIVIDED = [table for table in shards.of_projects() if table not in WHOLE]
# Everything that a table has, in words that are the same for a table and for one that is divided.
HAS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = ANY(%(tables)s::regclass[]) AND conparentid = 0 AND contype IN ('p', 'u', 'f', 'c')
    UNION ALL
    SELECT indrelid::regclass::text, indexrelid::regclass::text,
           replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
    UNION ALL
    SELECT attrelid::regclass::text, attname, concat_ws(' ',
               format_type(atttypid, atttypmod), attnotnull, attidentity, attstorage,
               pg_get_serial_sequence(attrelid::regclass::text, attname), pg_get_expr(adbin, adrelid))
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = ANY(%(tables)s::regclass[]) AND attnum > 0 AND NOT attisdropped
"""


@pytest.fixture
def whole(transactional_db: None) -> Iterator[None]:
    """A database of its own, whose tables are not divided, also where those of the other tests are."""
    own = f"{connection.settings_dict['NAME']}_whole"  # each worker has one
    with template(parts=0) as name:
        copy_database(name, own)
    with connected_to(own):
        yield


def partition(parts: int = PARTS) -> list[str]:
    said = StringIO()
    call_command("partition", parts=parts, stdout=said)
    return said.getvalue().splitlines()


def has() -> set[Any]:
    """Of a check, and of the condition of an index, no words: PostgreSQL writes what it has read in another way."""
    with connection.cursor() as cursor:
        cursor.execute(HAS, {"tables": DIVIDED})
        found = cursor.fetchall()
    return {(table, name, what.partition(" WHERE ")[0].partition("CHECK")[0]) for table, name, what in found}


def parts() -> set[int]:
    return {table.parts for table in dividing.look_at(connection, DIVIDED)}


class Later(Migration):
    operations = [
        AddField("mutation", "why", TextField(default="")),
        AddIndex("mutation", Index(fields=["why"], name="issues_mutation_by_why")),
    ]


@contextmanager
def killed_at(words: str) -> Iterator[None]:
    def stop(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if words in sql:
            raise KeyboardInterrupt
        return execute(sql, params, many, context)

    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(stop):
        yield


def test_a_full_database_is_the_same_in_parts(whole: None, life: None, tmp_path: Path) -> None:
    rows, had = snapshot(), has()
    last = max(Issue.objects.values_list("pk", flat=True))
    with killed_at("INSERT INTO issues_issuetext_new"):
        partition()
    assert {(table, name, what.replace(" NOT VALID", "")) for table, name, what in has()} == had
    assert (snapshot(), parts(), broken()) == (rows, {0, PARTS}, set())

    said = partition()

    assert said[-1] == f"{len(DIVIDED)} tables are divided into {PARTS} parts each, {len(DIVIDED) - 1} of them now."
    assert (snapshot(), has(), parts(), broken()) == (rows, had, {PARTS}, set())
    assert partition() == [f"{len(DIVIDED)} tables are divided into {PARTS} parts each, 0 of them now."]
    goes_on_in_a_copy(tmp_path / "dump")
    assert IssueFactory().pk > last
    with pytest.raises(IntegrityError, match="issues_issue_last_release_of_its_project"), transaction.atomic():
        Issue.objects.filter(pk=1).update(last_release=ReleaseFactory())


def goes_on_in_a_copy(file: Path) -> None:
    """What is restored from a backup is in parts, too, and migrations find it as they find others."""
    rows, had = snapshot(), has()
    last = max(Mutation.objects.values_list("pk", flat=True))
    postgres.write_dump(connection, file)
    restored = f"{connection.settings_dict['NAME']}_restored"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {restored}")
    with connected_to(restored):
        postgres.read_dump(connection, file)
        assert (snapshot(), parts(), broken()) == (rows, {PARTS}, set())
        assert has() == had
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('issues_mutation_id_seq')")
            assert cursor.fetchone()[0] > last
        call_command("migrate", verbosity=0)

        state = MigrationExecutor(connection).loader.project_state()
        with connection.schema_editor() as editor:
            Later("later", "issues").apply(state, editor)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relkind IN ('i', 'I') AND relname LIKE '%\\_why%'")
            assert cursor.fetchone()[0] == 1 + PARTS


def test_is_refused_while_somebody_is_connected_and_for_another_number(whole: None) -> None:
    foreign = Foreign()
    with pytest.raises(CommandError, match=r"^1 other connections are open to this database: stop what serves"):
        partition()
    assert parts() == {0}
    foreign.close()

    partition()
    with pytest.raises(CommandError, match=r"^issues_issue is divided into 4 parts already, not 8\.$"):
        partition(8)
