"""What the commands of this service have in common: a wrong argument is one sentence."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from projects.acting import Act
from projects.callers import Caller
from projects.database.failures import refusal_of

LONGEST_DAYS = 36_500  # a century; from some 700,000 on, there is no such date
SHOWN_LETTERS = 60


class OneSentence(CommandParser):
    """Says what is wrong, and no page of usage above it: `--help` has that."""

    def error(self, message: str) -> NoReturn:
        """End with 2.

        :raises CommandError: the command was called by code.
        """
        if not self.called_from_command_line:
            raise CommandError(f"Error: {message}")
        self.exit(2, f"{self.prog}: {message.rstrip('.')}. See {self.prog} --help\n")


class Command(BaseCommand):
    def execute(self, *args: Any, **options: Any) -> Any:
        """Run it.

        :raises CommandError: what was asked is refused, in the words of the API; nothing was changed.
        """
        try:
            return super().execute(*args, **options)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None or not refusal.is_certain:
                raise  # manage.py says what the driver says of a database that is away: which host, and why
            raise CommandError(refusal.sentence) from error

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = OneSentence  # Django makes one of its own class, whatever it is told
        return parser


def act(by: Caller | None = None, *, preview: bool = False) -> Act:
    """Return who changes something, as of now: an operator, in the name of a user if there is one."""
    return Act(
        by=by or Caller(),
        at=timezone.now(),
        lock_timeout=settings.LOCK_TIMEOUT_SECONDS,
        preview=preview,
        in_person=False,
    )


def whole_number(least: int, most: int, what: str = "whole number") -> Callable[[str], int]:
    """Return a reader of whole numbers in that range, for an option; it takes digits alone."""

    def read(word: str) -> int:
        digits = word.lstrip("0") or "0"
        if not (word.isascii() and word.isdigit() and len(digits) <= len(str(most)) and least <= int(digits) <= most):
            shown = word if len(word) <= SHOWN_LETTERS else f"{word[:SHOWN_LETTERS]}..."
            raise ArgumentTypeError(f"{shown!r} is no {what} from {least} to {most}.")
        return int(digits)

    return read


days = whole_number(1, LONGEST_DAYS, "whole number of days")
