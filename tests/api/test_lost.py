"""What a project lost of what was sent (contract 7.8)."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from events.models import Loss
from projects.models import Project
from tests.api_client import Api
from tests.factories import ClientKeyFactory, UserFactory

pytestmark = pytest.mark.django_db

LOST = "/api/0/projects/the-interstellar-jurisdiction/pump-station/stats/lost/"
NOW = datetime(2026, 11, 29, 1, 30, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("events.views.lost", "events.admin"):
        monkeypatch.setattr(f"{module}.timezone", SimpleNamespace(now=lambda: NOW))


def lose(project: Project, day: date = TODAY, **lost: Any) -> None:
    usual = {"key": "a" * 32, "source": "server", "reason": "rate_limit", "category": "error", "quantity": 1}
    Loss.objects.create(project_id=project.pk, day=day, **usual | lost)


def test_is_told_by_day_whatever_the_key(api: Api, project: Project, other_project: Project) -> None:
    lose(project, quantity=3)
    lose(project, key="b" * 32, quantity=4)
    lose(project, TODAY - timedelta(days=1), source="client", reason="queue_overflow", quantity=2)
    lose(project, reason="invalid", category="default", quantity=5)
    lose(other_project, quantity=100)

    answer = api.get(LOST)

    assert (answer.status_code, answer.json()) == (
        200,
        [
            {"day": day, "reason": reason, "category": category, "source": source, "quantity": quantity}
            for day, source, reason, category, quantity in (
                ("2026-11-29", "server", "invalid", "default", 5),
                ("2026-11-29", "server", "rate_limit", "error", 7),
                ("2026-11-28", "client", "queue_overflow", "error", 2),
            )
        ],
    )


def test_nothing_is_an_empty_list(api: Api, project: Project) -> None:
    assert api.get(LOST).json() == []


def test_a_sum_is_a_number_that_every_program_reads(api: Api, project: Project) -> None:
    for key in "abc":
        lose(project, key=key * 32, quantity=2**62)

    assert [row["quantity"] for row in api.get(LOST).json()] == [2**53]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", 14),
        ("?statsPeriod=", 14),
        ("?statsPeriod=1d", 1),
        ("?statsPeriod=2w", 14),
        ("?statsPeriod=90d", 90),
        ("?statsPeriod=1h", 1),
        ("?statsPeriod=2h", 2),
        ("?statsPeriod=24h", 2),
        ("?statsPeriod=48h", 2),
    ],
)
def test_goes_back_as_far_as_is_asked(api: Api, project: Project, query: str, days: int) -> None:
    for ago in range(95):
        lose(project, TODAY - timedelta(days=ago))

    answer = api.get(LOST + query)

    assert len(answer.json()) == days


@pytest.mark.parametrize("period", ["91d", "x", "0d", "-1d", "1y", "99999999999d", "%00"])
def test_no_other_period(api: Api, project: Project, period: str) -> None:
    answer = api.get(f"{LOST}?statsPeriod={period}")

    assert (answer.status_code, list(answer.json())) == (400, ["statsPeriod"])


def test_the_page_of_a_project_shows_a_month_and_the_keys(client: Client, project: Project) -> None:
    ClientKeyFactory(project=project, name="workers", limited=True)
    client.force_login(UserFactory(username="operator", superuser=True))
    lose(project, quantity=1234)
    lose(project, TODAY - timedelta(days=29), key="b" * 32, quantity=1)
    lose(project, TODAY - timedelta(days=30), quantity=50_000)
    lose(project, source="client", reason="before_send", quantity=2)

    page = client.get(f"/admin/projects/project/{project.pk}/change/").content.decode()

    assert "<td>1,235</td><td>error</td><td>rate_limit</td><td>server</td>" in page
    assert "<td>2</td><td>error</td><td>before_send</td><td>client</td>" in page
    assert "workers" in page
    assert "10 in 60 s" in page


def test_the_page_of_a_project_that_lost_nothing_says_so(client: Client, project: Project) -> None:
    client.force_login(UserFactory(username="operator", superuser=True))

    page = client.get(f"/admin/projects/project/{project.pk}/change/").content.decode()

    assert "nothing" in page
