import os
import signal
from typing import Any

from django.conf import settings
from django.core.management import CommandParser
from django.utils import timezone

from events.counting import Counting, Kept
from projects.management import base


class Command(base.Command):
    """`manage.py count_events`, which `serve` and `demo` run as a child."""

    help = (
        "Count the events that came in, until SIGTERM. `serve` and `demo` run one; any number may run, anywhere. "
        "A batch in hand is counted to its end, or waits as before."
    )
    requires_migrations_checks = False  # handle() does it, with a sentence and an exit code
    fits_any_database = True  # the same

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when nothing waits any more")
        parser.add_argument(
            "--parent", type=base.process_id, metavar="PID", help="end when this process has ended, which began it"
        )

    def handle(self, *args: Any, once: bool, parent: int | None, **options: Any) -> None:
        """Count.

        :raises CommandError: the database isn't migrated, or by a newer version.
        """
        base.require_migrated()
        counter = Counting(
            keep=Kept(settings.EVENTS_PER_ISSUE, settings.EVENTS_DAYS),
            now=timezone.now,
            is_wanted=lambda: parent in {None, os.getppid()},
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: counter.stop())
        if once:
            counter.run_once()
        else:
            counter.run()
