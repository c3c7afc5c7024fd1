"""Which key a request has: checks 1 and 2 of contract 7.3."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from events.form import read_key, refusals

KEY = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
AUTH = f"Sentry sentry_version=7, sentry_client=raven/1.0, sentry_key={KEY}, sentry_secret={OTHER}"


def never() -> object:
    raise AssertionError("the envelope's header was asked for")


def key_of(
    header: str = "",
    *,
    query: Mapping[str, str] | None = None,
    authorization: str = "",
    dsn: Callable[[], object] = lambda: None,
) -> str:
    return read_key(x_sentry_auth=header, query=query or {}, authorization=authorization, dsn=dsn)


@pytest.mark.parametrize(
    "header",
    [
        AUTH,
        f"sentry  sentry_key={KEY}",
        f"Sentry sentry_key = {KEY.upper()} ,sentry_version=2",
        f"Sentry sentry_client=a=b,sentry_key={KEY},,",
        f"Sentry sentry_version=,sentry_key={KEY}",
    ],
)
def test_a_key_is_read_in_a_header(header: str) -> None:
    assert key_of(header, dsn=never) == KEY
    assert key_of(authorization=header, dsn=never) == KEY


def test_the_first_that_has_a_key_counts() -> None:
    query = {"sentry_key": OTHER}

    assert key_of(AUTH, query=query, authorization=f"Sentry sentry_key={OTHER}", dsn=never) == KEY
    assert key_of(query={"sentry_key": KEY}, authorization=f"Sentry sentry_key={OTHER}", dsn=never) == KEY
    assert key_of("nonsense", query={"sentry_key": KEY}, dsn=never) == KEY
    assert key_of(authorization="Basic abc", dsn=lambda: f"https://{KEY}@example.com/1") == KEY
    assert key_of(dsn=lambda: f"https://{KEY}:{OTHER}@example.com:9000/path/1") == KEY


@pytest.mark.parametrize("dsn", [None, "", 1, [], "https://example.com/1", "https://[", "nonsense"])
@pytest.mark.parametrize("authorization", ["", "Basic abc", f"Bearer sentry_key={KEY}"])
def test_without_a_key_there_is_no_authorization(dsn: object, authorization: str) -> None:
    with pytest.raises(refusals.MissingKey) as refused:
        key_of(authorization=authorization, dsn=lambda: dsn)

    assert (refused.value.status, refused.value.body) == (401, {"detail": "missing authorization information"})


@pytest.mark.parametrize(
    "header", ["nonsense", "Sentry", "Sentry sentry_version=7", "Sentry sentry_key=", f"Bearer {KEY}"]
)
def test_a_header_without_a_key_is_bad(header: str) -> None:
    with pytest.raises(refusals.UnreadableKey) as refused:
        key_of(header)

    assert (refused.value.status, refused.value.body) == (401, {"detail": "bad x-sentry-auth header"})


def test_so_is_authorization_when_it_speaks_of_sentry() -> None:
    with pytest.raises(refusals.UnreadableKey):
        key_of(authorization="Sentry sentry_version=7")


@pytest.mark.parametrize("key", ["abc", KEY + "0", KEY[:-1], KEY[:-1] + "g", KEY[:-1] + "\u0664", "0123-" * 6 + "ab"])
def test_a_key_has_32_hex_digits(key: str) -> None:
    sent: list[dict[str, Any]] = [
        {"header": f"Sentry sentry_key={key}"},
        {"query": {"sentry_key": key}},
        {"dsn": lambda: f"https://{key}@example.com/1"},
    ]
    for way in sent:
        with pytest.raises(refusals.BadKey) as refused:
            key_of(**way)
        assert (refused.value.status, refused.value.body) == (
            400,
            {"detail": "bad sentry DSN public key", "causes": []},
        )


@pytest.mark.parametrize("version", ["2", "3", "4", "5", "6", "7", "", "07", "2.0", "7.0"])
def test_versions_2_to_7_are_spoken(version: str) -> None:
    assert key_of(f"Sentry sentry_key={KEY}, sentry_version={version}") == KEY
    assert key_of(query={"sentry_key": KEY, "sentry_version": version}) == KEY


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("8", "8"),
        ("1", "1"),
        ("8.0", "8.0"),
        ("7.", "7."),
        ("-7", "-7"),
        ("\u0667", "?"),
        ("a\r\nb", "a??b"),
        ("9" * 5000, "9" * 60 + "..."),
    ],
)
def test_no_other_version_is(version: str, shown: str) -> None:
    sent: list[dict[str, Any]] = [
        {"query": {"sentry_key": KEY, "sentry_version": version}},
        {"query": {"sentry_version": version}, "dsn": lambda: f"https://{KEY}@example.com/1"},
    ]
    for way in sent:
        with pytest.raises(refusals.UnsupportedVersion) as refused:
            key_of(**way)
        assert refused.value.body == {"detail": f"unsupported protocol version ({shown})", "causes": []}


def test_a_bad_key_is_said_before_a_bad_version() -> None:
    with pytest.raises(refusals.BadKey):
        key_of("Sentry sentry_key=abc, sentry_version=8")
