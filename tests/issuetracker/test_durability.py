"""`manage.py check --deploy`, of a database that may forget what it has said."""

import os

import pytest

from benchmarks.serving import database_url
from tests import prepared
from tests.issuetracker.test_settings import PRODUCTION

FORGETS = "PostgreSQL has synchronous_commit = off: changes and events that were"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("option", "sentence", "is_warned"),
    [
        ("synchronous_commit=off", FORGETS, True),
        ("synchronous_commit=on", FORGETS, False),
    ],
)
def test_is_warned_of(option: str, sentence: str, is_warned: bool) -> None:
    with_setting = {"DATABASE_URL": database_url(), "PGOPTIONS": f"-c {option}"}

    done = prepared.run("check", "--deploy", environment=os.environ | PRODUCTION | with_setting)

    assert done.returncode == 0
    assert (sentence in done.stderr) is is_warned
