"""What the commands of this service have in common: a wrong argument is one sentence."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from projects.acting import Act
from projects.callers import Caller
from projects.database import migrated
from projects.database.failures import refusal_of
from projects.forms import StandingForm, sentences
from projects.models import ClientKey, Organization, Project, Team, User
from projects.serializers import dsn

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
    """A command of this service.

    :cvar fits_any_database: that the tables may be a newer version's, or that it looks at them by itself.
    """

    fits_any_database = False

    def tell(self, what: str) -> None:
        """Print a line on standard output, at once. Called before the commit of what it tells: a secret that nobody has
        seen is of no use, and can't be read again.

        :raises CommandError: it can't be written; what was made is rolled back.
        """
        try:
            self.stdout.write(what)
            self.stdout.flush()
        except OSError as error:
            raise CommandError(
                f"Nothing was made, since it can't be told: standard output can't be written ({error.strerror})."
            ) from error

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run it.

        :raises CommandError: what was asked is refused, in the words of the API, or a newer version has migrated the
            database, or its letters are others; nothing was changed.
        """
        try:
            if not self.fits_any_database:
                migrated.check_database(connection)
            return super().execute(*args, **options)
        except migrated.Unfit as error:
            raise CommandError(str(error)) from error
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None or not refusal.is_certain:
                raise  # manage.py says what the driver says of a database that is away: which host, and why
            raise CommandError(refusal.sentence) from error

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = OneSentence  # Django makes one of its own class, whatever it is told
        return parser


def require_migrated() -> None:
    """Do nothing, if this code and the database fit each other.

    :raises CommandError: the database lacks migrations, a newer version has migrated it, or its letters are others.
    """
    try:
        waiting = migrated.check_database(connection)
    except migrated.Unfit as error:
        raise CommandError(str(error)) from error
    if waiting:
        raise CommandError(f"The database lacks {waiting} of the migrations; run: manage.py migrate")


def act(by: Caller | None = None, *, preview: bool = False) -> Act:
    """Return who changes something, as of now: an operator, in the name of a user if there is one."""
    return Act(
        by=by or Caller(),
        at=timezone.now(),
        lock_timeout=settings.LOCK_TIMEOUT_SECONDS,
        preview=preview,
        in_person=False,
    )


# What a command names is said by the same option everywhere: --organization SLUG, --project ORG/SLUG, --team ORG/SLUG,
# --user NAME.


def organization_called(slug: str) -> Organization:
    """Return the organization of this slug or id.

    :raises CommandError: there is none.
    """
    found: Organization | None = Organization.objects.named(slug).first()
    if found is None:
        raise CommandError(f"There is no organization {slug}.")
    return found


def project_called(word: str) -> Project:
    """Return the project of this ORG/SLUG.

    :raises CommandError: there is none.
    """
    organization, _, slug = word.partition("/")
    found: Project | None = Project.objects.named(organization, slug).select_related("organization").first()
    if found is None:
        raise CommandError(f"There is no project {word}.")
    return found


def teams_called(organization: Organization, slugs: Sequence[str]) -> list[Team]:
    """Return these teams of the organization.

    :raises CommandError: one of them is none.
    """
    found = {team.slug: team for team in organization.teams.filter(slug__in=slugs)}
    missing = [slug for slug in slugs if slug not in found]
    if missing:
        raise CommandError(f"There is no team {organization}/{missing[0]}.")
    return list(found.values())


def user_called(name: str) -> User:
    """Return the user of this name.

    :raises CommandError: there is none.
    """
    found = None if "\0" in name else User.objects.filter(username=name).first()
    if found is None:
        raise CommandError(f"There is no user {name}.")
    return found


def place(word: str) -> tuple[Organization, str]:
    """Return the organization of an ORG/SLUG, and the slug of what is to be made there.

    :raises CommandError: it isn't written so, or there is no such organization.
    """
    organization, slash, slug = word.partition("/")
    if not (organization and slash and slug) or "/" in slug:
        raise CommandError(f"{word} is not written as ORG/SLUG.")
    return organization_called(organization), slug


def checked(form: type[StandingForm], values: Mapping[str, Any]) -> StandingForm:
    """Return the form, filled in, as the settings pages would check it.

    :raises CommandError: something is wrong; it says all of it.
    """
    filled = form(dict(values))
    if not filled.is_valid():
        raise CommandError(" ".join(sentences(filled)))
    return filled


def print_dsn(command: Command, key: ClientKey) -> None:
    """Print the DSN on standard output, and what it is on standard error."""
    command.tell(dsn(key, base_url=settings.BASE_URL or f"http://127.0.0.1:{settings.PORT}"))
    hint = "" if settings.BASE_URL else " BASE_URL is not set: put the address of the server there, if it is another."
    command.stderr.write(f"Programs that are told this send their errors to {key.project}.{hint}", style_func=str)


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
process_id = whole_number(1, 2**22, "number of a process")  # Linux gives no greater
