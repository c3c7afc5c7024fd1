"""Which database is asked, and for how long."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, OperationalError, connections, transaction

from issues.models import Issue
from projects.database import replica, watching
from projects.database.failures import DatabaseAway, refusal_of
from projects.database.reading import PRIMARY, Router, connection, reading, writing
from projects.models import User

real_transactions = pytest.mark.django_db(transaction=True)


def limit() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return cursor.fetchone()[0]


@real_transactions
def test_ends_a_statement_that_takes_too_long() -> None:
    with pytest.raises(OperationalError, match="statement timeout"), reading(timeout=1), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")


@real_transactions
def test_waits_no_longer_for_a_cluster_that_cannot_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    connections[PRIMARY].ensure_connection()  # which looks whether it is
    monkeypatch.setattr(connections[PRIMARY], "is_spread", True)
    monkeypatch.setattr(watching, "GRACE_SECONDS", -4.9)  # so that the cluster has not ended it by itself

    with pytest.raises(OperationalError) as raised, reading(timeout=5), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")
    connections[PRIMARY].close()

    assert isinstance(refusal_of(raised.value), DatabaseAway)


@real_transactions
def test_limits_each_statement_and_nothing_after() -> None:
    usual = limit()

    with reading(timeout=7):
        assert [limit(), limit()] == ["7s", "7s"]
        assert not connection.in_atomic_block

    assert limit() == usual != "7s"


@real_transactions
def test_has_the_limit_of_the_innermost_block() -> None:
    with reading(timeout=7):
        with reading(timeout=3):
            assert limit() == "3s"
        assert limit() == "7s"


@real_transactions
def test_leaves_a_transaction_that_writes_its_own_limits() -> None:
    usual = limit()

    with reading(timeout=7), writing():
        assert limit() == usual


@real_transactions
def test_lets_a_transaction_go_back_to_a_savepoint() -> None:
    with reading(timeout=7), transaction.atomic():
        with pytest.raises(DataError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

        assert limit() == "7s"


def test_asks_the_primary_outside_of_any_block() -> None:
    router = Router()

    assert (router.db_for_read(Issue), router.db_for_write(Issue)) == (PRIMARY, PRIMARY)
    assert connection.alias == PRIMARY


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another way to the database, as to a replica that has everything."""
    monkeypatch.setattr(replica, "may_answer", lambda alias: True)
    copy = connections["copy"] = connections[PRIMARY].copy(alias="copy")
    yield
    copy.close()
    del connections["copy"]


def test_asks_the_database_of_the_block(copy: None) -> None:
    router = Router()

    with reading(timeout=7, database="copy"):
        assert router.db_for_read(Issue) == "copy"
        assert connection.alias == "copy"
        with reading(timeout=3):
            assert connection.alias == "copy"


def test_asks_the_primary_from_where_it_writes(copy: None) -> None:
    router = Router()

    with reading(timeout=7, database="copy"):
        with reading(timeout=3), writing():
            assert (router.db_for_read(Issue), connection.alias) == (PRIMARY, PRIMARY)
        assert (router.db_for_read(Issue), connection.alias) == (PRIMARY, PRIMARY)


@real_transactions
def test_asks_the_primary_from_where_anything_was_asked_of_it(copy: None) -> None:
    with reading(timeout=7, database="copy"):
        User.objects.filter(username="nobody").update(name="Nobody")

        assert (connection.alias, limit()) == (PRIMARY, "7s")


@real_transactions
def test_hands_over_what_was_made_for_the_copy_before(copy: None) -> None:
    with reading(timeout=7, database="copy"), connection.cursor() as cursor:
        assert cursor.db.alias == "copy"
        User.objects.create(username="jane")

        with transaction.atomic():
            User.objects.update(name="Jane")
            cursor.execute("SELECT name FROM projects_user")
            assert cursor.fetchall() == [("Jane",)]  # which no other connection sees


def test_writes_to_the_primary_alone(copy: None) -> None:
    router = Router()

    with reading(timeout=7, database="copy"):
        assert router.db_for_write(Issue) == PRIMARY
    assert [router.allow_migrate(alias, "issues") for alias in (PRIMARY, "copy")] == [True, False]
    assert router.allow_relation(Issue(), User())
