"""Take a mutation back, as an operator; the history names a user for it."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from issues.models import Mutation
from issues.mutation import UndoOutcome
from issues.services import undo
from projects.callers import Caller
from projects.management import base
from projects.models import User
from projects.querysets import MAX_ID


class Command(base.Command):
    help = (
        "Take a mutation back: what it changed is again as it was, where that still is what it left. People's own marks"
        " (seen, bookmarked, followed) are left alone: only they put them back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "mutation",
            type=base.whole_number(1, MAX_ID, "number of a mutation"),
            help="its id, as the header Mutation-Id gave it",
        )
        parser.add_argument("--user", required=True, help="the user name of who takes it back, for the history")
        parser.add_argument("--preview", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was put back.

        :raises CommandError: there is no such mutation or user; nothing was changed.
        :raises Refusal: it can't be undone, or not now; nothing was changed.
        """
        pk = options["mutation"]
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']}.")
        mutation = Mutation.objects.filter(pk=pk).first()
        if mutation is None:
            raise CommandError(f"There is no mutation {pk}, or none any more.")
        outcome = undo.undo(mutation.project_id, pk, base.act(Caller(user=user), preview=options["preview"]))
        self.stdout.write(sentence(outcome, preview=options["preview"]))


def sentence(outcome: UndoOutcome, *, preview: bool) -> str:
    """Return what was, or would be, put back and left alone."""
    done = "would be put back" if preview else "put back"
    issues = "issue" if outcome.matched == 1 else "issues"
    said = f"{outcome.matched} {issues} matched, {outcome.changed} {done}, {outcome.skipped} left alone"
    if outcome.skipped_ids:
        shown = ", ".join(str(pk) for pk in outcome.skipped_ids)
        said += f" ({shown}{' ...' if outcome.skipped > len(outcome.skipped_ids) else ''})"
    return f"{said}." if outcome.mutation_id is None else f"{said}. This is mutation {outcome.mutation_id}."
