"""Installs SDKs into a private folder of this checkout, at pinned versions; or says why it can't."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.clients.npm.clients import CannotRun, need_node

HERE = Path(__file__).parent
FOLDER = Path(__file__).parents[2] / ".clients/senders"
RAVEN = "raven==6.10.0"
DEBIAN_GO = Path("/usr/share/gocode")


@cache
def from_npm() -> Path:
    """Install what javascript/package.json names, unless it is there; return the folder that has it and the programs.

    :raises CannotRun: Node.js or npm is missing or too old, or npm could not install it.
    """
    need_node()
    folder = FOLDER / "javascript"
    shutil.copytree(HERE / "javascript", folder, dirs_exist_ok=True)
    _install(folder, ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    return folder


@cache
def bundled() -> Path:
    """Return the script of the page, as a bundler makes it for browsers.

    :raises CannotRun: there is no Chromium for it, or npm could not install the bundler.
    """
    need("chromium", "Install Debian's package chromium.")
    folder = from_npm()
    bundle = folder / "bundle.js"
    _run([folder / "node_modules/.bin/esbuild", "browser.js", "--bundle", "--minify", f"--outfile={bundle}"], folder)
    return bundle


@cache
def raven_for_python() -> Path:
    """Install Raven, unless it is there; return the folder to import it from.

    :raises CannotRun: pip could not install it.
    """
    folder = FOLDER / "python"
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _install(folder, [*pip, "--no-deps", "--upgrade", "--target=.", RAVEN])
    return folder


@cache
def go_program() -> Path:
    """Return the program in Go, built against Debian's package of the SDK.

    :raises CannotRun: Go or the package is missing, or it could not be built.
    """
    packages = "Install Debian's packages golang-go and golang-github-getsentry-sentry-go-dev."
    need("go", packages)
    if not (DEBIAN_GO / "src/github.com/getsentry/sentry-go").exists():
        raise CannotRun(f"there is no sentry-go in {DEBIAN_GO}. {packages}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = FOLDER / "pump"
    environment = {"GO111MODULE": "off", "GOPATH": str(DEBIAN_GO), "GOCACHE": str(FOLDER / "go"), "CGO_ENABLED": "0"}
    _run(["go", "build", "-o", program, "."], HERE / "go", **environment)
    return program


def for_ruby(library: str) -> None:
    """See that Ruby has a library.

    :raises CannotRun: it has none, or is not there itself.
    """
    package = f"Install Debian's package ruby-{'sentry-raven' if library == 'raven' else library}."
    need("ruby", package)
    if subprocess.run(["ruby", "-r", library, "-e", ""], capture_output=True, check=False).returncode:
        raise CannotRun(f"Ruby has no {library}. {package}")


def need(program: str, what_to_do: str) -> None:
    """See that a program is there.

    :raises CannotRun: it isn't.
    """
    if shutil.which(program) is None:
        raise CannotRun(f"there is no {program} on the PATH. {what_to_do}")


def _install(folder: Path, command: Sequence[str]) -> None:
    """Run a command that installs into ``folder``, unless the same one did so already, for the same lock file."""
    lock = folder / "package-lock.json"
    wanted = " ".join(command) + (lock.read_text() if lock.exists() else "")
    installed = folder / "installed"  # written last: an installation that was interrupted is begun again
    if not installed.exists() or installed.read_text() != wanted:
        _run(command, folder)
        installed.write_text(wanted)


def _run(command: Sequence[str | Path], folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["it did not say why"]
        why = next((line for line in said if "error" in line.lower()), said[0])
        raise CannotRun(f"`{' '.join(str(word) for word in command[:4])} …` failed ({why}).")
