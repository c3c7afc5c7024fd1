"""Whom an event happened to (contract 7.5, 7.6)."""

from typing import Any

import pytest

from tests.events.meaning.asking import PEER, errors_of, read_event

EVERYTHING = {"id": "42", "username": "jane", "email": "jane@example.com", "ip_address": "203.0.113.5"}


@pytest.mark.parametrize(
    ("missing", "user"),
    [
        ([], "id:42"),
        (["id"], "username:jane"),
        (["id", "username"], "email:jane@example.com"),
        (["id", "username", "email"], "ip_address:203.0.113.5"),
        (["id", "username", "email", "ip_address"], ""),
    ],
)
@pytest.mark.parametrize("nothing", [None, "", " "])
def test_the_first_field_that_is_there_counts(missing: list[str], user: str, nothing: Any) -> None:
    assert read_event({"user": {**EVERYTHING, **dict.fromkeys(missing, nothing)}}).user == user
    assert read_event({"user": {key: word for key, word in EVERYTHING.items() if key not in missing}}).user == user


@pytest.mark.parametrize("user", [None, {}, {"name": "Jane"}])
def test_an_event_may_be_nobodys(user: Any) -> None:
    found = read_event({"user": user})

    assert found.user == ""
    assert "errors" not in found.data


def test_an_id_may_be_a_number() -> None:
    assert read_event({"user": {"id": 42}}).user == read_event({"user": {"id": " 42 "}}).user == "id:42"
    assert read_event({"user": {"id": 0}}).user == "id:0"


@pytest.mark.parametrize("field", EVERYTHING)
def test_blanks_around_a_field_are_not_kept(field: str) -> None:
    """What is shown and searched for is who was counted."""
    found = read_event({"user": {field: f" {EVERYTHING[field]}\n", "name": " Jane "}})

    assert found.data["user"] == {field: EVERYTHING[field], "name": " Jane "}
    assert found.user == f"{field}:{EVERYTHING[field]}"


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_field_is_as_if_absent(blank: str) -> None:
    found = read_event({"user": {"id": blank, "username": "jane"}})

    assert (found.user, found.data["user"]) == ("username:jane", {"username": "jane"})
    assert "user" not in read_event({"user": {"id": blank}}).data


def test_an_id_may_be_written_as_a_fraction_that_is_nothing() -> None:
    found = read_event({"user": {"id": 42.0}})

    assert (found.user, found.data["user"]) == ("id:42", {"id": 42})
    assert read_event({"user": {"id": 1e300}}).user == read_event({"user": {"id": 42.5}}).user == ""


def test_auto_is_the_peer_and_is_not_kept() -> None:
    found = read_event({"user": {"ip_address": "{{auto}}", "name": "Jane"}})

    assert found.user == f"ip_address:{PEER}"
    assert found.data["user"] == {"name": "Jane"}


def test_auto_is_kept_if_that_is_wished() -> None:
    found = read_event({"user": {"id": "42", "ip_address": "{{auto}}"}}, keep_addresses=True)

    assert found.user == "id:42"
    assert found.data["user"] == {"id": "42", "ip_address": PEER}


@pytest.mark.parametrize("keep_addresses", [True, False])
def test_nobody_knows_the_peer(keep_addresses: bool) -> None:
    found = read_event({"user": {"ip_address": "{{auto}}"}}, peer="", keep_addresses=keep_addresses)

    assert found.user == ""
    assert "user" not in found.data


def test_an_address_that_the_program_sent_is_kept() -> None:
    assert read_event({"user": {"ip_address": "203.0.113.5"}}).data["user"] == {"ip_address": "203.0.113.5"}


def test_users_whose_ids_look_like_secrets_are_told_apart() -> None:
    """One in ten ids of that length passes for the number of a card."""
    first, second = (read_event({"user": {"id": card}}) for card in ("4111111111111111", "4242424242424242"))

    assert first.user != second.user
    assert first.data["user"] == second.data["user"] == {"id": "[Filtered]"}


@pytest.mark.parametrize("field", EVERYTHING)
@pytest.mark.parametrize("wrong", [True, 1.5, ["x"], {"a": 1}])
def test_a_field_of_another_type_is_as_if_absent_and_named(field: str, wrong: Any) -> None:
    data = read_event({"user": {"name": "Jane", field: wrong}}).data

    assert data["user"] == {"name": "Jane"}
    assert data["errors"] == [f"user.{field}"]


@pytest.mark.parametrize("user", ["jane", 42, ["jane"]])
def test_what_is_no_user_is_named(user: Any) -> None:
    assert errors_of({"user": user}) == ["user"]
    assert read_event({"user": user}).user == ""
