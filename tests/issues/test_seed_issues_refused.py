"""seed_issues: what it refuses, in one sentence each."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from issues.models import Issue

pytestmark = pytest.mark.django_db

PUMP_STATION = "the-interstellar-jurisdiction/pump-station"
RELAY = "outer-rim/relay"


@pytest.fixture
def projects() -> None:
    call_command("seed_projects", stdout=StringIO())


def seed(*words: str) -> str:
    printed = StringIO()
    call_command("seed_issues", *words, stdout=printed)
    return printed.getvalue()


def make(project: str, count: int, *words: str) -> None:
    seed("--project", project, "--count", str(count), *words)


# Refusals


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ([], PUMP_STATION),
        (["--count", "5"], PUMP_STATION),
        (["--count", "5", "--project", "outer-rim/pump-station"], "outer-rim/pump-station"),
    ],
)
def test_refuses_a_project_that_is_not_there(words: list[str], path: str) -> None:
    with pytest.raises(CommandError) as refusal:
        seed(*words)

    assert str(refusal.value) == (
        f"There is no project {path}. `manage.py seed_projects` makes {PUMP_STATION} and others."
    )


@pytest.mark.parametrize("path", ["relay", "/relay", "outer-rim/", "outer-rim/relay/", "/"])
def test_refuses_what_is_no_path(path: str) -> None:
    with pytest.raises(CommandError) as refusal:
        make(path, 5)

    assert str(refusal.value) == f"--project is {path!r}; write it as ORG/SLUG, for example {PUMP_STATION}."


@pytest.mark.parametrize("word", ["0", "-1", "1.5", "many", "", "٣", "100000001"])
@pytest.mark.usefixtures("projects")
def test_refuses_a_count_that_is_none(word: str) -> None:
    with pytest.raises(CommandError) as refusal:
        seed("--count", word)

    assert str(refusal.value) == f"Error: argument --count: {word!r} is no whole number from 1 to 100000000."
    assert not Issue.objects.exists()


@pytest.mark.parametrize("word", ["-1", "x", "9223372036854775808"])
@pytest.mark.usefixtures("projects")
def test_refuses_a_seed_that_is_none(word: str) -> None:
    with pytest.raises(CommandError) as refusal:
        seed("--count", "5", "--seed", word)

    assert str(refusal.value) == f"Error: argument --seed: {word!r} is no whole number from 0 to 9223372036854775807."
    assert not Issue.objects.exists()


@pytest.mark.parametrize("words", [["--seed", "1"], ["--status", "mixed"], ["--project", RELAY]])
@pytest.mark.usefixtures("projects")
def test_refuses_options_that_would_have_no_effect(words: list[str]) -> None:
    with pytest.raises(CommandError) as refusal:
        seed(*words)

    assert str(refusal.value) == (
        f"--project, --seed and --status go with --count; without it, the documented pair is made, in {PUMP_STATION}."
    )
    assert not Issue.objects.exists()


@pytest.mark.usefixtures("projects")
def test_refuses_a_status_that_nobody_has() -> None:
    with pytest.raises(CommandError) as refusal:
        seed("--count", "5", "--status", "muted")

    assert str(refusal.value) == (
        "Error: argument --status: invalid choice: 'muted' (choose from 'unresolved', 'resolved', 'ignored', 'mixed')"
    )
    assert not Issue.objects.exists()
