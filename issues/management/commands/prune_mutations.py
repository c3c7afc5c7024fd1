"""Forget mutations that are too old to be undone, with the before-states in their activities. Activities stay."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone
from tqdm import tqdm

from issues.services import pruning
from projects.management import base


class Command(base.Command):
    help = "Remove mutations older than MUTATIONS_KEPT_DAYS, and what they overwrote; then they can't be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=base.days, help="how many days are kept, instead of the setting")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many were removed. It can be stopped and begun again at any time."""
        days = settings.MUTATIONS_KEPT_DAYS if options["days"] is None else options["days"]
        before = timezone.now() - timedelta(days=days)
        removed = emptied = 0
        total = pruning.count_older(before)
        with tqdm(total=total, unit="mutation", disable=not self.stderr.isatty()) as progress:
            for step in pruning.prune(before, base.act()):
                removed += step.mutations
                emptied += step.activities
                progress.update(step.mutations)
        self.stdout.write(f"{removed} mutations removed, and what {emptied} activities had overwritten.")
