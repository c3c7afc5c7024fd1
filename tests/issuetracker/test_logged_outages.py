"""A database that is away ...: what the log says of each request, so that another error can still be found in it."""

import pytest
from django.db import OperationalError
from django.test import Client

from projects.remembering import Remembered
from tests.api_client import Api
from tests.issuetracker.logged import Log, Raising, failing

ISSUES = "/api/0/projects/{organization}/{project}/issues/"


@pytest.mark.django_db
def test_says_in_a_line_for_each_request_that_the_database_is_away(api: Api, log: Log) -> None:
    """An hour of that would else be thousands of tracebacks, and nobody would find another error between them."""
    with failing(OperationalError("The server closed the connection unexpectedly.\n\tIt may have ended.\n")):
        answers = [api.get(api.issues_url) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert [(line["level"], line["message"], line["request_id"], line["route"]) for line in log.lines()] == [
        (
            "ERROR",
            "The database failed (none): The server closed the connection unexpectedly. It may have ended.",
            answer.headers["X-Request-Id"],
            ISSUES,
        )
        for answer in answers
    ]
    traced = ["exc_info" in line for line in log.lines()]
    assert traced == [True, False, False]  # where it was, once


@pytest.mark.django_db
def test_says_where_each_kind_of_failure_was(api: Api, log: Log) -> None:
    full = OperationalError("could not extend file")
    full.__cause__ = DiskFull()
    for error in (OperationalError("nobody listens"), full):
        with failing(error):
            api.get(api.issues_url)

    assert [(line["message"], "exc_info" in line) for line in log.lines()] == [
        ("The database failed (none): nobody listens", True),
        ("The database failed (53100): could not extend file", True),
    ]


class DiskFull(Exception):
    pgcode = "53100"


@pytest.mark.django_db
def test_says_the_same_of_a_page(client: Client, log: Log) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("projects.database.outages.traced", Remembered(60))
        patch.setattr("django.contrib.auth.views.LoginView.get", Raising(OperationalError("nobody listens")).fail)
        answers = [client.get("/admin/login/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert [(line["message"], "exc_info" in line) for line in log.lines()] == [
        ("The database failed (none): nobody listens", True),
        ("The database failed (none): nobody listens", False),
    ]
