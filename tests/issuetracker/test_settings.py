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
