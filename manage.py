#!/usr/bin/env python
"""The command line of the service: `manage.py help` lists what there is."""

import errno
import os
import signal
import sys
from types import FrameType

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import InternalError, NotSupportedError, OperationalError, ProgrammingError

from issuetracker import postgres
from projects.database.failures import refusal_of

UNDEFINED_TABLE, UNDEFINED_COLUMN, INSUFFICIENT_PRIVILEGE = "42P01", "42703", "42501"  # PostgreSQL's codes


def end(number: int, frame: FrameType | None) -> None:
    """End as at the end of the command, exit handlers and all: the last one out stops the embedded PostgreSQL."""
    sys.exit(128 + number)


def sentence(error: Exception) -> str:
    """Return the error on one line, without the driver's hints and without the database's password."""
    lines = [" ".join(line.split()) for line in str(error).splitlines()]
    told = "; ".join(line for line in lines if line and not line.startswith("Is the server running"))
    if isinstance(error, ImproperlyConfigured):
        return told
    which = "embedded database" if postgres.is_embedded() else "database that DATABASE_URL names"
    if lacks_migrations(error):
        return f"The {which} lacks what this needs; run: manage.py migrate"
    if password := settings.DATABASES["default"].get("PASSWORD"):
        told = told.replace(password, "***")
    return f"The {which} can't be used: {told}"


def not_text(word: str) -> bool:
    """Return whether the word has bytes that are kept as surrogates, which PostgreSQL takes in no text."""
    return any("\udc80" <= letter <= "\udcff" for letter in word)


def is_the_operators(error: Exception) -> bool:
    """Return whether an operator can mend it; what else the driver calls by these names is a bug."""
    if isinstance(error, InternalError):  # a server that takes no change: a standby by now, for one
        return refusal_of(error) is not None
    if isinstance(error, ProgrammingError):
        return getattr(error.__cause__, "pgcode", None) == INSUFFICIENT_PRIVILEGE or lacks_migrations(error)
    return True


def lacks_migrations(error: Exception) -> bool:
    """Return whether a query met what a migration makes: before the first one all tables, before others a column."""
    code = getattr(error.__cause__, "pgcode", None)
    return code == UNDEFINED_TABLE or (code == UNDEFINED_COLUMN and not is_migrated())


def is_migrated() -> bool:
    """Return whether no migration is left to do; a column that is missing then is a bug."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


NO_ROOM, NOBODY_READS, BROKEN = errno.ENOSPC, errno.EPIPE, errno.EIO


def is_of_standard_output(error: OSError) -> bool:
    """Return whether what was said could not be written: no file is named then."""
    return error.filename is None and error.errno in {NO_ROOM, NOBODY_READS, BROKEN}


def main() -> None:
    """Run the command; what only the operator can mend is one sentence and exit code 1 (--traceback shows it all)."""
    if sys.stdout is None or sys.stderr is None:
        sys.exit("Standard output and standard error have to be open: /dev/null will do.")
    try:
        run()
        sys.stdout.flush()
    except OSError as error:
        if not is_of_standard_output(error):
            raise
        sys.exit(f"Standard output can't be written ({error.strerror}): some of what was said is missing.")
    finally:
        try:
            sys.stdout.flush()
        except OSError:  # it is said already; Python would try it again as it ends, and say it in a way of its own
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> None:
    """Run the command; an error that only the operator can mend becomes the sentence by which this ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup stays nohup
            signal.signal(number, end)
    if any(not_text(word) for word in sys.argv):
        sys.exit("An argument has bytes that are no UTF-8.")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except (ImproperlyConfigured, OperationalError, NotSupportedError, InternalError, ProgrammingError) as error:
        if "--traceback" in sys.argv or not is_the_operators(error):
            raise  # nobody can mend a bug without the traceback
        sys.exit(sentence(error))


if __name__ == "__main__":
    main()
