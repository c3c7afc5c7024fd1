from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections

from projects.database import migrated

TRY = "SELECT pg_try_advisory_xact_lock(%s, 0)"
NOBODY_COUNTS = "SELECT pg_advisory_xact_lock(%s, 1)"  # which is soon: each batch is a transaction
AGAIN_AFTER = 0.2  # seconds
# This transaction is idle for as long as the migrations take, and a role or a server may have limits for that. Or an
# isolation by which it would keep its view of the rows: who builds an index CONCURRENTLY would wait for it without end.
# SET would refuse the limit that PostgreSQL has since 17 where it is older.
NO_LIMITS = """
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN (
        'idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout', 'transaction_timeout'
    )
"""


class Command(migrate.Command):
    """Django's own, one at a time for each database: two at once would both make the first table, and one fail."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; if somebody else is at it, say so, wait, and do what is left then.

        :raises CommandError: a newer version has migrated the database, or its letters are others: nothing is done.
        """
        if options["plan"] or options["check_unapplied"]:  # these only look
            super().handle(*args, **options)
            return
        with self.one_at_a_time(options["database"]):
            if not options["prune"]:  # which takes unknown ones out of the record
                try:
                    migrated.check_database(connections[options["database"]])
                except migrated.Unfit as error:
                    raise CommandError(str(error)) from error
            super().handle(*args, **options)

    @contextmanager
    def one_at_a_time(self, database: str) -> Iterator[None]:
        """Hold the lock for the block, in a transaction of another connection.

        A transaction's lock, and not a session's: PgBouncer would hand the session on with its lock, and nobody could
        migrate any more. If this process is killed, PostgreSQL sees its connection end, and the lock is free.
        """
        beside = connections[database].copy()
        try:
            # The first statement begins the transaction; if this process dies, the end of the connection ends it.
            beside.set_autocommit(False)
            with beside.cursor() as cursor:
                cursor.execute(NO_LIMITS)
                is_told = False
                # Asked again and again: a statement that waits for the lock would keep its view of the rows meanwhile,
                # and who builds an index CONCURRENTLY waits for all that have an older one. Each would wait for the
                # other, and PostgreSQL sees no deadlock, since they are four connections.
                while not _is_free(cursor):
                    if not is_told:
                        told = "Another migrate is at work on this database; waiting for it."
                        self.stderr.write(told, style_func=str)
                        self.stderr.flush()
                        is_told = True
                    sleep(AGAIN_AFTER)
                cursor.execute(NOBODY_COUNTS, [migrated.MIGRATIONS])
                yield
            beside.rollback()  # PgBouncer ends the connection to PostgreSQL of who leaves in mid-transaction
        finally:
            beside.close()


def _is_free(cursor: Any) -> bool:
    """Take the lock, if nobody has it."""
    cursor.execute(TRY, [migrated.MIGRATIONS])
    return bool(cursor.fetchone()[0])
