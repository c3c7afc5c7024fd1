"""Settings ...: a wrong one is a sentence that names the variable, whatever command reads it."""

import os
import re
import runpy
import subprocess
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests import prepared


def manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return prepared.run(*arguments, environment=os.environ | environment)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WEB_THREADS", "0", "WEB_THREADS is '0'; it must be a whole number from 1 to 256."),
        ("PORT", "http", "PORT is 'http'; it must be a whole number from 1 to 65535."),
        ("HSTS_SECONDS", "a month", "HSTS_SECONDS is 'a month'; it must be a whole number from 0 to 63072000."),
        (
            "READ_TIMEOUT_SECONDS",
            "9999999",
            "READ_TIMEOUT_SECONDS is '9999999'; it must be a whole number from 1 to 3600.",
        ),
        (
            "MUTATIONS_KEPT_DAYS",
            "99999999999",
            "MUTATIONS_KEPT_DAYS is '99999999999'; it must be a whole number from 1 to 36500.",
        ),
        (
            "BASE_URL",
            "https://a b",
            "BASE_URL is 'https://a b'; write scheme and host, with a port if need be: https://issues.example.com",
        ),
        ("SECURE_PROXY", "maybe", "SECURE_PROXY is 'maybe'; say true or false."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'LOUD'; say DEBUG, INFO, WARNING, ERROR or CRITICAL."),
    ],
)
def test_refuse_a_wrong_value_in_one_sentence(name: str, value: str, sentence: str) -> None:
    done = manage("check", **{name: value})

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{sentence}\n")


def test_take_a_log_level_in_any_case() -> None:
    assert manage("check", LOG_LEVEL="info").returncode == 0


def test_take_hosts_with_or_without_a_space_after_the_comma() -> None:
    done = manage("diffsettings", ALLOWED_HOSTS="a.example, b.example,c.example")

    assert "ALLOWED_HOSTS = ['a.example', 'b.example', 'c.example']" in done.stdout


# ---------------------------------------------------------------------------------------------------------------------
# Every setting: its range, as docs/deploy.md tells it
# ---------------------------------------------------------------------------------------------------------------------

SETTINGS = settings.BASE_DIR / "issuetracker" / "settings.py"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*) \|$", re.MULTILINE)
TABLE = {
    name: (default, allowed)
    for name, default, allowed, _ in ROW.findall((settings.BASE_DIR / "docs" / "deploy.md").read_text())
}
NUMBERS = {
    name: (int(found[1]), int(found[2]))
    for name, (_, allowed) in TABLE.items()
    if (found := re.fullmatch(r"(\d+) to (\d+)", allowed))
}
NO_NUMBERS = [
    "-1",
    "+5",
    "1.5",
    "1e3",
    "0x10",
    "1_000",
    "1,000",
    "5 5",
    "inf",
    "nan",
    "none",
    "\u0661\u0662",
    "\u00b2",
    "\uff15",
]
LONG = "k0" * 40


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """Return the settings as a start with this environment would read them."""
    for name in TABLE:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(SETTINGS))


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """Return the sentence by which a start with this environment is refused."""
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(monkeypatch, **environment)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_the_table_has_every_setting_that_is_read() -> None:
    code = "".join(
        path.read_text()
        for package in ("issuetracker", "issues", "projects")
        for path in (settings.BASE_DIR / package).rglob("*.py")
    )
    read_by_name = set(re.findall(r'(?:text|flag|number|required_in_production)\(\s*"([A-Z_]+)"', code))
    read_by_name |= set(re.findall(r'os\.environ(?:\.get)?[(\[]"([A-Z_]+)"', code))

    assert set(TABLE) == read_by_name
    assert set(NUMBERS) == set(re.findall(r'number\(\s*"([A-Z_]+)"', code))


@pytest.mark.parametrize("name", NUMBERS)
def test_take_a_number_from_the_least_to_the_greatest(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    least, greatest = NUMBERS[name]
    default = read(monkeypatch)[name]

    assert least <= default <= greatest
    assert TABLE[name][0] in {str(default), "the number of cores, at most 16"}
    for word, value in (
        (str(least), least),
        (str(greatest), greatest),
        (f"000{greatest}", greatest),
        (f" {least} ", least),
    ):
        assert read(monkeypatch, **{name: word})[name] == value
    for empty in ("", "  ", "\t"):
        assert read(monkeypatch, **{name: empty})[name] == default


@pytest.mark.parametrize("name", NUMBERS)
def test_refuse_what_is_no_number_or_out_of_range(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    least, greatest = NUMBERS[name]
    beyond = [str(least - 1), str(greatest + 1), str(2**31), str(2**63), "9" * 30, "9" * 5000]

    for word in [*beyond, *NO_NUMBERS]:
        given = repr(word if len(word) <= 60 else f"{word[:60]}...")
        assert refused(monkeypatch, **{name: word}) == (
            f"{name} is {given}; it must be a whole number from {least} to {greatest}."
        )


def test_what_can_be_undone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An undo reads the activities of what it takes back."""
    assert read(monkeypatch, MUTATIONS_KEPT_DAYS="400")["ACTIVITIES_KEPT_DAYS"] == 400
    assert read(monkeypatch, MUTATIONS_KEPT_DAYS="3", ACTIVITIES_KEPT_DAYS="3")["ACTIVITIES_KEPT_DAYS"] == 3
    assert refused(monkeypatch, MUTATIONS_KEPT_DAYS="31", ACTIVITIES_KEPT_DAYS="30") == (
        "ACTIVITIES_KEPT_DAYS is '30'; it must be a whole number from 31 to 36500."
    )


WRONG = {
    "DATABASE_URL": [
        "x",
        "mysql://a/b",
        "postgresql://a:secret-word@h:port/b",
        "postgresql://a:secret-word@h:99999999/b",
        "postgresql://a:secret-word@h",
        "postgresql://a:secret-word@[h/b",
        "postgresql://h/b?nonsense=secret",
    ],
    "ALLOWED_HOSTS": ["https://a.example", "a.example:8000", "a b", "a,", ",", "a..b", "-a", "\u0661", "a/b", "**"],
    "BASE_URL": [
        "a.example",
        "ftp://a.example",
        "https://",
        "https://a b",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://a:0",
        "https://a:99999",
        "https://a:\u0661",
        "https://u:secret-word@a",
        "https://a\\b",
        "//a",
        "https://.a",
    ],
    "SECURE_PROXY": ["maybe", "2", "-1", "tru", "\u0661", "none"],
    "DEBUG": ["maybe", "2", "1_0", "nan"],
    "LOG_LEVEL": ["loud", "10", "NOTSET", "inf"],
    "LOG_FORMAT": ["xml", "1"],
    "METRICS_TOKEN": ["secret-word", "secret-word with a space in it", "secret-word" * 30, "secret-word\u0661" * 3],
}


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in WRONG.items() for word in words])
def test_refuse_every_other_wrong_value_and_show_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, word: str
) -> None:
    sentence = refused(monkeypatch, **{name: word})

    assert sentence.startswith(name)
    assert "secret" not in sentence


@pytest.mark.parametrize("name", TABLE)
def test_refuse_bytes_that_are_no_text(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name == "PG_BINDIR":  # read when the database is started, as a path: any bytes are one
        assert read(monkeypatch, PG_BINDIR="\udcff")["DATA_DIR"] == ""
        return
    assert refused(monkeypatch, **{name: "secret\udcff"}) == f"{name} has bytes that are no UTF-8."


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("BASE_URL", "https://issues.example.com/", "https://issues.example.com"),
        ("BASE_URL", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("BASE_URL", "http://[::1]:65535", "http://[::1]:65535"),
        ("ALLOWED_HOSTS", "*", ["*"]),
        ("ALLOWED_HOSTS", ".example.com, Web_1 ,10.0.0.1,[::1]", [".example.com", "Web_1", "10.0.0.1", "[::1]"]),
        ("LOG_LEVEL", "warn", None),
        ("DEBUG", "On", True),
        ("METRICS_TOKEN", "x" * 20, "x" * 20),
        ("SECRET_KEY", "x", "x"),  # on this machine; in production, see below
    ],
)
def test_take_what_is_right(monkeypatch: pytest.MonkeyPatch, name: str, word: str, value: Any) -> None:
    taken = read(monkeypatch, **{name: word})

    assert value is None or taken[name] == value


@pytest.mark.parametrize("key", ["x", "x" * 64, "0123456789" * 4, "django-insecure-" + LONG])
def test_refuse_a_key_that_can_be_guessed_in_production(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    sentence = refused(monkeypatch, SECURE_PROXY="true", ALLOWED_HOSTS="a.example", SECRET_KEY=key)

    assert sentence == (
        "SECURE_PROXY is on, so this is production: SECRET_KEY must have at least 50 characters, 10 of them different; "
        "make one with: openssl rand -hex 32"
    )


ON_A_SOCKET = "postgresql:///b?host=/run/postgresql"


@pytest.mark.parametrize(
    ("primary", "replica", "sentence"),
    [
        (
            "",
            "postgresql://h/b",
            "READ_DATABASE_URL is set, but not DATABASE_URL: the embedded PostgreSQL has no replica.",
        ),
        (
            "postgresql://a:secret-word@h/b",
            "postgresql://c:secret-word@h/b?connect_timeout=1",
            "READ_DATABASE_URL names the database of DATABASE_URL: name a replica of it.",
        ),
        (ON_A_SOCKET, ON_A_SOCKET, "READ_DATABASE_URL names the database of DATABASE_URL: name a replica of it."),
        (
            "postgresql://h/b",
            "postgresql://a:secret-word@h",
            "READ_DATABASE_URL names no PostgreSQL database; write it as postgresql://user:password@host:5432/name.",
        ),
    ],
)
def test_refuse_what_is_no_replica(monkeypatch: pytest.MonkeyPatch, primary: str, replica: str, sentence: str) -> None:
    assert refused(monkeypatch, DATABASE_URL=primary, READ_DATABASE_URL=replica) == sentence


def test_take_a_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = read(monkeypatch, DATABASE_URL="postgresql://h/b")
    taken = read(monkeypatch, DATABASE_URL="postgresql://h/b", READ_DATABASE_URL="postgresql://r/b")

    assert (list(alone["DATABASES"]), alone["READ_DATABASE"]) == (["default"], "default")
    assert (list(taken["DATABASES"]), taken["READ_DATABASE"]) == (["default", "replica"], "replica")
    assert taken["DATABASES"]["replica"]["OPTIONS"] == {"connect_timeout": 2}


# ---------------------------------------------------------------------------------------------------------------------
# Production: behind a proxy that ends TLS, as the README says (docs/decisions/0015)
# ---------------------------------------------------------------------------------------------------------------------

PRODUCTION = {
    "SECURE_PROXY": "true",
    "SECRET_KEY": "oXr7Lq2vT9mZc4Wn8Kd1Bf6Hj3Ps5Gy0AeUiNtRxVbMhQwEzCl",
    "ALLOWED_HOSTS": "issues.example",
}


def test_pass_djangos_check_for_production() -> None:
    done = manage("check", "--deploy", "--fail-level", "DEBUG", **PRODUCTION)

    assert (done.returncode, done.stderr) == (0, "")
    # Silenced are whether HSTS is for subdomains and for browsers' lists, which the owner of the domain decides.
    assert done.stdout == "System check identified no issues (2 silenced).\n"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "set SECRET_KEY, fifty random characters that all its servers share."),
        ("SECRET_KEY", "  ", "set SECRET_KEY, fifty random characters that all its servers share."),
        ("ALLOWED_HOSTS", "", "set ALLOWED_HOSTS, the names under which it may be called, with commas."),
        ("DEBUG", "true", "DEBUG must be off, for it shows settings."),
    ],
)
@pytest.mark.parametrize("command", ["check", "serve", "demo"])  # the first one ends, even if nothing is refused
def test_refuse_to_start_in_production_without_what_it_takes(
    command: str, name: str, value: str, sentence: str
) -> None:
    done = manage(command, **(PRODUCTION | {name: value}))

    told = f"SECURE_PROXY is on, so this is production: {sentence}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_need_nothing_on_this_machine() -> None:
    done = manage("check", SECURE_PROXY="", SECRET_KEY="", ALLOWED_HOSTS="")

    assert (done.returncode, done.stderr) == (0, "")
