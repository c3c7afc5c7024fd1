import json
import os
import secrets
import tempfile
from argparse import ArgumentTypeError
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser, call_command
from django.utils import timezone

from events import weeks
from issuetracker import postgres, server
from projects.database import clocks
from projects.management import base


class Command(base.Command):
    """`manage.py serve`; `demo` is the same with more to prepare and more to say."""

    help = (
        "Serve the API and the admin with the production server. The embedded PostgreSQL is started and migrated "
        "first. A database of your own (DATABASE_URL) is only looked at: migrate it with `manage.py migrate`."
    )
    requires_migrations_checks = False  # prepare() does it, with a sentence and an exit code
    fits_any_database = True  # the same; the port comes first

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", type=host, default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        parser.add_argument(
            "--port",
            type=base.whole_number(1, 65535, "port"),
            default=str(settings.PORT),
            help="the port to listen on (PORT, 8000)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a signal ends it.

        :raises CommandError: the port can't be had, or the database isn't migrated, or by a newer version; nothing was
            left running.
        :raises OperationalError: the database can't be reached; the same.
        """
        try:
            listener = server.listen(options["host"], options["port"])  # first: all else takes time, and leaves traces
        except server.CannotListen as error:
            raise CommandError(str(error)) from error
        try:
            keep_sessions()
            self.prepare()
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        url = f"http://{shown_host(options['host'])}:{options['port']}"
        server.serve(listener, when_ready=lambda: self.announce(url))

    def prepare(self) -> None:
        """Make ready all that a request needs."""
        if postgres.is_embedded():
            call_command("migrate", verbosity=0)
        else:
            # Not done here: which of several servers changes a shared database, and when, is its operator's choice.
            base.require_migrated()
            weeks.make_ahead(timezone.now())  # as migrate does
        clocks.earlier(timezone.now())  # which says so when the two are far apart

    def announce(self, url: str) -> None:
        """Say where the service is. Flushed, since the workers are forked next and would say it again."""
        self.stdout.write(f"Serving on {url}/ ({settings.WEB_WORKERS} workers); Ctrl-C ends it.")
        self.stdout.flush()


def host(word: str) -> str:
    """Return the name or address.

    :raises ArgumentTypeError: no host can be called so; to look for it would be a crash.
    """
    try:
        word.encode("idna")
    except UnicodeError as error:
        raise ArgumentTypeError(f"{word!r} is no name or address of a host") from error
    return word


def shown_host(host: str) -> str:
    """Return what stands for the host in a URL that a person on this machine can open."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def keep_sessions() -> None:
    """Sign sessions, here and in what is forked from here, with a key that outlasts a restart.

    Not in the settings, which every command reads: only those that serve need the data folder.
    """
    if not os.environ.get("SECRET_KEY", "").strip():
        settings.SECRET_KEY = os.environ["SECRET_KEY"] = installation_secrets().secret_key


# ---------------------------------------------------------------------------------------------------------------------
# The secrets of an installation: made once, and kept beside the embedded PostgreSQL's data
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Secrets:
    """What `serve` and `demo` need again at each start, since the database holds hashes only."""

    secret_key: str  # signs sessions
    api_key: str  # of the seeds' first organization
    token: str  # of the seeds' user jane
    admin_password: str


def new_secrets() -> Secrets:
    return Secrets(
        secret_key=secrets.token_urlsafe(50),
        api_key=secrets.token_hex(16),
        token=f"sntryu_{secrets.token_hex(32)}",
        admin_password=secrets.token_urlsafe(12),
    )


def installation_secrets() -> Secrets:
    """Return the secrets in the data folder, made now if there are none; two that start at once get the same.

    :raises CommandError: the file can't be made or read.
    """
    path = postgres.data_dir() / "secrets.json"
    try:
        if not path.exists():
            create(path, json.dumps(asdict(new_secrets()), indent=2))
        return Secrets(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(
            f"The secrets in {path} can't be read or made ({error}). Repair the file; or delete it, to get new ones."
        ) from error


def create(path: Path, text: str) -> None:
    """Write a new file that only its owner may read; leave it as it is when another process was first.

    Nobody ever sees half of it: it is written under another name, and gets its own in one step.
    """
    descriptor, unfinished = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # O_EXCL, mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(unfinished, path)  # unlike a rename, it never replaces
    finally:
        os.unlink(unfinished)
