import os
import signal
from typing import Any

from django.conf import settings
from django.core.management import CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from issues.services.pruning import Step
from issuetracker.pruning import Kept, Pruning
from projects.management import base


class Command(base.Command):
    """`manage.py prune`, which `serve` and `demo` run as a child."""

    help = (
        "Remove what is older than it is kept (MUTATIONS_KEPT_DAYS, ACTIVITIES_KEPT_DAYS, HOURS_KEPT_DAYS, "
        "EVENTS_DAYS), again and again, until SIGTERM. `serve` and `demo` run one; any number may run, anywhere. It "
        "can be stopped and begun again at any time."
    )
    requires_migrations_checks = False  # handle() does it, with a sentence and an exit code
    fits_any_database = True  # the same

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look at everything once, say what was done, and end")
        parser.add_argument(
            "--parent", type=base.process_id, metavar="PID", help="end when this process has ended, which began it"
        )

    def handle(self, *args: Any, once: bool, parent: int | None, **options: Any) -> None:
        """Prune.

        :raises CommandError: the database isn't migrated, or by a newer version; or, once, some of it failed, when all
            else was done.
        """
        base.require_migrated()
        pruner = Pruning(
            kept=Kept(
                mutations=settings.MUTATIONS_KEPT_DAYS,
                activities=settings.ACTIVITIES_KEPT_DAYS,
                hours=settings.HOURS_KEPT_DAYS,
                events=settings.EVENTS_DAYS,
            ),
            now=timezone.now,
            lock_timeout=settings.LOCK_TIMEOUT_SECONDS,
            is_wanted=lambda: parent in {None, os.getppid()},
        )
        before = {number: signal.signal(number, lambda *_: pruner.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            if once:
                self._look(pruner)
            else:
                pruner.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look(self, pruner: Pruning) -> None:
        """Look once; a line for each kind, and progress at a terminal."""
        has_failed = False
        with tqdm(unit=" issues", disable=not self.stderr.isatty()) as bar:

            def show(kind: str, step: Step) -> None:
                bar.set_description(kind)
                bar.update(step.looked_at)

            for done in pruner.look(show):
                self.stdout.write(done.sentence)
                has_failed |= done.error is not None
        if pruner.stopping.is_set():
            self.stdout.write("It was stopped; what is left goes the next time.")
        if has_failed:
            raise CommandError("Some of it could not be removed, as said above; run it again.")
