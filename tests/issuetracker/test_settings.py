"""Settings ...: a wrong one is a sentence that names the variable, whatever command reads it."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WEB_THREADS", "0", "WEB_THREADS is '0'; it must be a whole number of at least 1."),
        ("PORT", "http", "PORT is 'http'; it must be a whole number of at least 1."),
        ("HSTS_SECONDS", "a month", "HSTS_SECONDS is 'a month'; it must be a whole number of at least 0."),
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
@pytest.mark.parametrize("command", ["serve", "demo", "check"])
def test_refuse_to_start_in_production_without_what_it_takes(
    command: str, name: str, value: str, sentence: str
) -> None:
    done = manage(command, **(PRODUCTION | {name: value}))

    told = f"SECURE_PROXY is on, so this is production: {sentence}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_need_nothing_on_this_machine() -> None:
    done = manage("check", SECURE_PROXY="", SECRET_KEY="", ALLOWED_HOSTS="")

    assert (done.returncode, done.stderr) == (0, "")
