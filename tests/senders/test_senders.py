"""Programs with Sentry's SDKs, unchanged, send to the real server; what they sent is read back as issues."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from events.counting import Counting
from events.meaning.packing import unpack
from events.models import Event
from tests.clients.npm.clients import CannotRun
from tests.senders.programs import ENVIRONMENT, OTHERS, RELEASE, SENTRY_SDK, Program

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGE = "The pump has stopped"


@pytest.mark.parametrize(
    "program",
    [SENTRY_SDK, *(pytest.param(program, marks=pytest.mark.senders) for program in OTHERS)],
    ids=lambda program: program.name,
)
def test_two_runs_of_a_program_become_two_issues(
    program: Program, dsn: str, read: Callable[[str], Any], tmp_path: Path
) -> None:
    for _ in range(2):
        try:
            program.run(dsn, tmp_path)
        except CannotRun as why:
            pytest.fail(f"{program.name} was not run: {why}", pytrace=False)
    Counting(now=timezone.now).run_once()

    issues = read("projects/the-interstellar-jurisdiction/pump-station/issues/?query=")
    assert sorted((issue["title"], issue["count"], issue["userCount"]) for issue in issues) == sorted(
        [(program.error, "2", 1), (MESSAGE, "2", 1)]
    )
    for issue in issues:
        told = read(f"issues/{issue['id']}/")
        assert [told[which]["version"] for which in ("firstRelease", "lastRelease")] == [RELEASE, RELEASE]
    events = [unpack(bytes(event.data)) for event in Event.objects.all()]
    assert [(event["user"], event["environment"]) for event in events] == [({"id": "42"}, ENVIRONMENT)] * 4
    assert all(["pump", "3"] in event["tags"] for event in events)
    chains = [len(event["exception"]["values"]) for event in events if event["title"] == program.error]
    assert chains == [program.exceptions] * 2
