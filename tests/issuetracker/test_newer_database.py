"""Code on a database that a newer version has migrated: it would write what that one doesn't expect."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from issuetracker import postgres
from issuetracker.management.commands import serve
from projects.database import migrated
from projects.models import Organization
from tests.issuetracker.test_health import NEWER


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command",
    [
        ("migrate",),
        ("count_events", "--once"),
        ("prune", "--once"),
        ("check_integrity",),
        ("partition", "--parts=2"),
        ("seed_projects",),
        ("undo", "1", "--user=jane"),
        ("create_organization", "--organization=late"),
    ],
    ids=lambda words: words[0],
)
def test_is_refused_by_each_command_that_uses_its_tables(command: tuple[str, ...]) -> None:
    MigrationRecorder(connection).record_applied("issues", "9999_later")

    with pytest.raises(CommandError) as raised:
        call_command(*command, stdout=StringIO(), stderr=StringIO())

    assert str(raised.value) == NEWER.format("issues.9999_later")
    assert not Organization.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("is_embedded", [False, True])
def test_is_not_served(is_embedded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "is_embedded", lambda: is_embedded)
    MigrationRecorder(connection).record_applied("sessions", "9999_later")

    with pytest.raises(CommandError) as raised:
        serve.Command().prepare()

    assert str(raised.value) == NEWER.format("sessions.9999_later")


def test_is_seen_by_its_migrations_those_of_the_same_apps() -> None:
    known = migrated._known()
    assert migrated.check(known) == 0
    assert migrated.check({*known, ("another_program", "0001_initial")}) == 0
    assert migrated.check(()) == len(known)

    with pytest.raises(migrated.Newer, match=r"it has desk\.9996, desk\.9997, desk\.9998 and 1 more, which"):
        migrated.check({*known, *(("desk", f"{number}") for number in (9996, 9997, 9998, 9999))})
