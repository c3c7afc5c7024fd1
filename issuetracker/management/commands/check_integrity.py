import sys
from typing import Any

from django.core.management import CommandError
from tqdm import tqdm

from issues.integrity import find, one_state
from issuetracker.integrity import INVARIANTS
from projects.management import base


class Command(base.Command):
    help = (
        "Check what must hold between tables: totals, merges, history. Changes nothing, locks nothing that a request "
        "needs, and sees one state of the database. Says what is wrong, with ids, and ends with 1 then."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a sentence for each invariant that doesn't hold; or that all do.

        :raises CommandError: some don't.
        """
        disable = {0: True, 1: None}.get(options["verbosity"], False)  # None: only on a terminal
        with one_state(), tqdm(INVARIANTS, unit=" invariants", file=sys.stderr, disable=disable) as progress:
            breaches = [breach for invariant in progress if (breach := find(invariant))]
        for breach in breaches:
            self.stdout.write(str(breach))
        if breaches:
            raise CommandError(f"{len(breaches)} of {len(INVARIANTS)} invariants do not hold.")
        self.stdout.write(f"{len(INVARIANTS)} invariants hold.")
