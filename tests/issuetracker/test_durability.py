"""`manage.py check --deploy`, of a database that may forget what it has said."""

import os

import pytest

from benchmarks.serving import database_url
from tests import prepared
from tests.issuetracker.test_settings import PRODUCTION


@pytest.mark.django_db
@pytest.mark.parametrize(("value", "is_warned"), [("off", True), ("on", False)])
def test_is_warned_of(value: str, is_warned: bool) -> None:
    with_setting = {"DATABASE_URL": database_url(), "PGOPTIONS": f"-c synchronous_commit={value}"}

    done = prepared.run("check", "--deploy", environment=os.environ | PRODUCTION | with_setting)

    assert done.returncode == 0
    assert ("PostgreSQL has synchronous_commit = off: changes and events that were" in done.stderr) is is_warned
