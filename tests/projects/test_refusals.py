"""Refusals: one value for the API, the admin and ``manage.py``"""

import logging
import re
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from issues import observing
from issues.enums import MutationKind
from issues.mutation import NamedIssues
from issuetracker.exceptions import to_response
from projects.database.failures import SENTENCES, DatabaseAway, refusal_of
from projects.management import base
from projects.refusals import Refusal, TryAgain
from tests.acts import act
from tests.issues.services.test_transactions import lose_on_the_database

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("issues", "issuetracker", "projects")


class Plain(Refusal):
    sentence = "This is not to be had."


class OfAField(Refusal):
    field = ("statusDetails", "inRelease")
    sentence = "There is none."


class Vanished(Refusal):
    status = 404

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no {number} any more.")


@pytest.mark.parametrize(
    ("refusal", "status", "body", "headers"),
    [
        (Plain(), 400, {"detail": "This is not to be had."}, {}),
        (OfAField(), 400, {"statusDetails": {"inRelease": ["There is none."]}}, {}),
        (Vanished(7), 404, {"detail": "There is no 7 any more."}, {}),
        (TryAgain("Others have it."), 503, {"detail": "Others have it."}, {"Retry-After": "5"}),
    ],
)
def test_becomes_http(refusal: Refusal, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
    response = to_response(refusal, {})

    assert response is not None
    assert (response.status_code, response.data) == (status, body)
    assert dict(response.headers).items() >= headers.items()
    assert ("Retry-After" in response.headers) == (status == 503)


def refusals(among: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in among.__subclasses__():
        yield kind
        yield from refusals(kind)


def test_every_refusal_of_the_product_is_an_error_with_a_sentence() -> None:
    found = [kind for kind in refusals() if kind.__module__.partition(".")[0] in PRODUCT]

    assert len(found) > 12
    for kind in found:
        assert 400 <= kind.status < 600, kind
        assert "__init__" in vars(kind) or kind.sentence[-1].isalnum() or kind.sentence.endswith("."), kind


# ---------------------------------------------------------------------------------------------------------------------
# Of the database
# ---------------------------------------------------------------------------------------------------------------------


def raised_by(fail: Callable[[], Any]) -> Exception:
    with pytest.raises(DatabaseError) as raised:
        fail()
    return raised.value


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "sentence"), SENTENCES.items())
def test_knows_what_postgresql_ended(code: str, sentence: str) -> None:
    refusal = refusal_of(raised_by(lose_on_the_database(code)))

    assert refusal is not None
    assert (refusal.status, refusal.sentence, refusal.reason, refusal.is_certain) == (503, sentence, code, True)


@pytest.mark.parametrize("error", [OperationalError(), InterfaceError(), DatabaseError()])
def test_does_not_know_what_became_of_it_when_the_database_is_away(error: Exception) -> None:
    refusal = refusal_of(error)

    assert isinstance(refusal, DatabaseAway)
    assert (refusal.status, refusal.reason, refusal.is_certain) == (503, "none", False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("53100", id="full"),
        pytest.param("25006", id="read-only"),
        pytest.param("25P03", id="idle"),
        pytest.param("25P04", id="a transaction that took too long"),
    ],
)
def test_a_server_that_takes_no_change_is_no_answer_either(code: str) -> None:
    refusal = refusal_of(raised_by(lose_on_the_database(code)))

    assert isinstance(refusal, DatabaseAway)
    assert refusal.reason == code


@pytest.mark.django_db
def test_another_internal_error_of_postgresql_is_none() -> None:
    assert refusal_of(raised_by(lose_on_the_database("XX001"))) is None


@pytest.mark.parametrize("error", [IntegrityError(), ProgrammingError(), ZeroDivisionError(), KeyError("id")])
def test_takes_no_bug_for_a_refusal(error: Exception) -> None:
    assert refusal_of(error) is None


def test_logs_what_is_not_certain_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        to_response(TryAgain(), {})
        assert caplog.records == []
        to_response(OperationalError("server closed the connection unexpectedly"), {})

    (record,) = caplog.records
    assert (record.getMessage(), record.name) == (
        "The database failed (none): server closed the connection unexpectedly",
        "projects.database.outages",
    )


def test_a_broken_connection_counts_as_unavailable() -> None:
    """The driver calls it a plain DatabaseError."""

    def count() -> float:
        return float(observing.MUTATIONS.labels("delete", "unavailable")._value.get())

    before = count()

    with (
        pytest.raises(DatabaseError),
        observing.mutation(MutationKind.DELETE, [NamedIssues(1, ids=frozenset({1}))], {}, act()),
    ):
        raise DatabaseError

    assert count() - before == 1


# ---------------------------------------------------------------------------------------------------------------------
# One sentence, said once
# ---------------------------------------------------------------------------------------------------------------------


class Failing(base.Command):
    fits_any_database = True  # it asks for nothing before it fails
    error: Exception

    def handle(self, *args: Any, **options: Any) -> None:
        raise self.error


def run(error: Exception) -> None:
    command = Failing(stdout=StringIO(), stderr=StringIO())
    command.error = error
    call_command(command, skip_checks=True)


@pytest.mark.django_db
def test_a_command_says_what_the_api_says() -> None:
    for error in (Plain(), OfAField(), raised_by(lose_on_the_database("55P03"))):
        refusal = refusal_of(error)
        assert refusal is not None
        with pytest.raises(CommandError) as said:
            run(error)
        assert str(said.value) == refusal.sentence


@pytest.mark.parametrize("error", [OperationalError("no route to host"), ZeroDivisionError()])
def test_a_command_leaves_to_manage_py_what_an_operator_mends(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        run(error)

    assert raised.value is error


@pytest.mark.parametrize("sentence", sorted({*SENTENCES.values(), DatabaseAway.sentence}))
def test_no_sentence_is_written_twice(sentence: str) -> None:
    words = re.escape(sentence.split(". ")[0])
    paths = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]

    assert sum(len(re.findall(words, path.read_text())) for path in paths) == 1
