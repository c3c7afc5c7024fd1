"""The database of the benchmarks, which stands beside the user's own."""

import pytest
from django.db import connection

from benchmarks import seeds


def name() -> str:
    return f"{connection.settings_dict['NAME']}_of_benchmarks"


def databases() -> set[str]:
    """Return those of this process alone: others that run tests make and drop theirs meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, current_database())")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_drops_the_database_that_is_named_and_no_other() -> None:
    own = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name()}")
    before = databases()

    seeds.drop_database(name())

    assert before - databases() == {name()}
    assert connection.settings_dict["NAME"] == own


@pytest.mark.django_db(transaction=True)
def test_drops_no_database_that_is_not_there() -> None:
    before = databases()

    seeds.drop_database(name())

    assert databases() == before
