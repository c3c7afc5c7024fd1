"""What the tests of this folder stand on: clients that are installed or skipped in words, and that stay here."""

import subprocess
from pathlib import Path

import pytest

from tests.clients.npm import clients

GET_ELSEWHERE = 'fetch("http://example.com").catch((error) => console.log(error.cause.message))'


@pytest.mark.npm
def test_a_client_talks_to_nobody_else(home: Path) -> None:
    environment = clients.Runner("", "", home).environment()

    done = subprocess.run(["node", "-e", GET_ELSEWHERE], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "This test run talks to 127.0.0.1 alone, not to example.com.\n"
    asked_for = clients.asked_for(home)
    assert asked_for.read_text() == "example.com\n"
    asked_for.unlink()  # else `home` would report it


class TestInstall:
    @pytest.fixture
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The only folder on the PATH, and another that nothing was installed into."""
        path = tmp_path / "bin"
        path.mkdir()
        monkeypatch.setenv("PATH", str(path))
        monkeypatch.setattr(clients, "FOLDER", tmp_path / ".clients")
        return path

    def program(self, path: Path, name: str, script: str) -> None:
        (path / name).write_text(f"#!/bin/sh\n{script}\n")
        (path / name).chmod(0o755)

    def test_needs_node_and_npm(self, path: Path) -> None:
        with pytest.raises(clients.CannotRun) as no_node:
            clients.install()
        self.program(path, "node", "echo v20.0.0")
        with pytest.raises(clients.CannotRun) as no_npm:
            clients.install()

        assert str(no_node.value) == "there is no node on the PATH. Install Node.js 20 or later, with npm."
        assert str(no_npm.value) == "there is no npm on the PATH. Install Node.js 20 or later, with npm."

    def test_needs_a_node_that_is_not_too_old(self, path: Path) -> None:
        self.program(path, "node", "echo v18.19.1")
        self.program(path, "npm", "exit 1")

        with pytest.raises(clients.CannotRun, match=r"^node is v18\.19\.1\. Install Node\.js 20 or later\.$"):
            clients.install()

    def test_says_what_npm_said(self, path: Path) -> None:
        self.program(path, "node", "echo v20.0.0")
        self.program(path, "npm", "echo 'npm error code ENOTFOUND' >&2; echo more >&2; exit 1")

        with pytest.raises(clients.CannotRun) as why:
            clients.install()

        assert str(why.value) == (
            "npm could not install them (npm error code ENOTFOUND). Try `npm ci --ignore-scripts` in .clients."
        )

    def test_happens_once_for_each_set_of_versions(self, path: Path) -> None:
        self.program(path, "node", "echo v20.0.0")
        self.program(path, "npm", "echo $* >> ran")
        ran = clients.FOLDER / "ran"

        clients.install()
        clients.install()

        assert ran.read_text() == "ci --ignore-scripts --no-audit --no-fund --loglevel=error\n"
        assert (clients.FOLDER / "package.json").read_text() == (clients.HERE / "package.json").read_text()

        (clients.FOLDER / "installed").write_text("other versions")
        clients.install()

        assert len(ran.read_text().splitlines()) == 2
