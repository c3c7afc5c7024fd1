"""The OS user that PostgreSQL runs as: the caller, or for root somebody else, since PostgreSQL refuses to be root."""

import contextlib
import errno
import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError

# Of memory, places for processes, descriptors: there may be some again in a moment.
SHORT_OF = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Start a program in here.

    :raises OperationalError: no other process can be had just now, whatever program it is.
    :raises OSError: this one can't be executed.
    """
    try:
        yield
    except OSError as error:
        if error.errno in SHORT_OF:
            raise OperationalError(f"PostgreSQL can't be started just now ({error.strerror}).") from error
        raise


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group id; its commands run with nothing of ours but PATH."""

    uid: int
    gid: int

    @classmethod
    def for_new_data(cls) -> Self:
        """Return the caller; for root the OS user `postgres`, else `nobody`.

        :raises ImproperlyConfigured: root, and neither of the two exists.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise ImproperlyConfigured(
            "PostgreSQL doesn't run as root, and there is no OS user postgres or nobody: "
            "run this as an ordinary user, or set DATABASE_URL."
        )

    @classmethod
    def of_owner(cls, data: Path) -> Self:
        """Return the owner of existing data: PostgreSQL runs for nobody else.

        :raises ImproperlyConfigured: the data is root's, or somebody else's and the caller isn't root.
        """
        stat = data.stat()
        if stat.st_uid == 0 or os.geteuid() not in {0, stat.st_uid}:
            raise ImproperlyConfigured(
                f"{data} belongs to the OS user {name_of(stat.st_uid)}, and PostgreSQL can't use it for "
                f"{name_of(os.geteuid())}: set DATA_DIR to another folder, or set DATABASE_URL."
            )
        return cls(stat.st_uid, stat.st_gid)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command as this account; all that it said is in ``stdout``.

        :raises OSError: it can't be executed, or root may not become this account here.
        :raises OperationalError: no other process can be had just now.
        """
        with starting():
            return subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                check=False,
                **self._surroundings(),
            )

    def spawn(self, *command: str | Path, log: Path) -> int:
        """Start the command as this account and return its process id; it outlives us, and writes to ``log``.

        :raises OSError: it can't be executed, or root may not become this account here.
        :raises OperationalError: no other process can be had just now.
        """
        # The shell opens the log as this account: root would follow a link that the account has put there.
        with starting():
            process = subprocess.Popen(
                ["/bin/sh", "-c", 'log=$0; exec "$@" >>"$log" 2>&1', log, *command], **self._surroundings()
            )
        process.returncode = 0  # else Popen warns, at our end, that it's still running
        return process.pid

    def _surroundings(self) -> dict[str, Any]:
        # PGPORT, PGDATA or a translated LC_MESSAGES from the caller would change what the programs do and say.
        kept = ("PATH", "LD_LIBRARY_PATH")
        surroundings: dict[str, Any] = {
            "cwd": "/",  # the caller's own folder may be closed to this account
            "env": {"LC_ALL": "C"} | {name: os.environ[name] for name in kept if name in os.environ},
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,  # Ctrl-C reaches whoever uses the server, never the server
        }
        if os.geteuid() == 0:
            surroundings |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return surroundings

    def reaches(self, folder: Path) -> bool:
        """Return whether this account may enter the folder. Tried, not computed: access lists count too.

        :raises OperationalError: it can't be tried just now.
        """
        try:
            return self.run("/bin/sh", "-c", 'cd "$0"', folder).returncode == 0
        except OSError:
            return False

    def own(self, path: Path) -> None:
        """Give what root has just made to this account."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def name_of(uid: int) -> str:
    """Return the OS user's name, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
