"""A sender that can't be installed is told in a sentence, which says what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.npm.clients import CannotRun
from tests.senders import installing

GO = "Install Debian's packages golang-go and golang-github-getsentry-sentry-go-dev."


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH; nothing was installed into the private one."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(installing, "FOLDER", tmp_path / "senders")
    monkeypatch.setattr(installing, "DEBIAN_GO", tmp_path)
    for each in (installing.from_npm, installing.bundled, installing.raven_for_python, installing.go_program):
        monkeypatch.setattr(installing, each.__name__, each.__wrapped__)  # what it remembers is another test's
    return path


@pytest.mark.parametrize(
    ("program", "prepare", "why"),
    [
        ("", lambda: installing.from_npm(), "there is no node on the PATH. Install Node.js 20 or later, with npm."),
        ("", lambda: installing.bundled(), "there is no chromium on the PATH. Install Debian's package chromium."),
        ("", lambda: installing.go_program(), f"there is no go on the PATH. {GO}"),
        ("go", lambda: installing.go_program(), "there is no sentry-go in {folder}. " + GO),
        (
            "",
            lambda: installing.for_ruby("raven"),
            "there is no ruby on the PATH. Install Debian's package ruby-sentry-raven.",
        ),
        (
            "ruby",
            lambda: installing.for_ruby("sentry-ruby"),
            "Ruby has no sentry-ruby. Install Debian's package ruby-sentry-ruby.",
        ),
    ],
    ids=["npm", "browser", "go", "sentry-go", "ruby", "sentry-ruby"],
)
def test_says_what_is_missing(path: Path, program: str, prepare: Callable[[], object], why: str) -> None:
    if program:
        (path / program).write_text("#!/bin/sh\nexit 1\n")
        (path / program).chmod(0o755)

    with pytest.raises(CannotRun) as missing:
        prepare()

    assert str(missing.value) == why.format(folder=path.parent)


def test_says_what_an_installer_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "RAVEN", "no-such-sender==0; python_version < 'x'")

    with pytest.raises(CannotRun, match=r"^`\S+ -m pip install …` failed \(ERROR: .+\)\.$"):
        installing.raven_for_python()
