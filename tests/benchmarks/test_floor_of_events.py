"""The floor of counting events writes what the service writes: every row of every table, but for who a user is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.events import sql
from benchmarks.events.series import Place
from events import weeks
from events.counting import counting
from events.models import Arrival
from issues.models import Issue, IssueUser
from projects.models import ClientKey, Project
from tests.assertions import snapshot

# The floor asks each row that it wrote whether it is new, which PostgreSQL doesn't say of divided tables.
pytestmark = pytest.mark.usefixtures("undivided")

DRAWN = {"id", "user_hash"}


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return all rows, with the number of their issue in the place of its id, which was drawn."""
    numbers = dict(Issue.objects.values_list("pk", "short_number"))
    tables = {}
    for table, found in snapshot().items():
        plain = [
            {
                column: numbers[value] if column == "issue_id" else value
                for column, value in row.items()
                if column not in DRAWN
            }
            for row in found.values()
        ]
        tables[table] = sorted(plain, key=repr)
    return tables


@pytest.fixture
def place(project: Project) -> Place:
    weeks.make_ahead(timezone.now())
    place = Place(project, ClientKey.objects.create(project=project))
    place.fill(3, 1)  # brings the release, the environment, and an issue
    by_service(place, 3)
    # Those whom the service has seen are strangers to the floor.
    IssueUser.objects.all().delete()
    Issue.objects.update(users_seen=0, own_users_seen=0)
    return place


def by_service(place: Place, most: int) -> int:
    return len(counting.count_next(place.project.pk, now=timezone.now, most=most))


def by_hand(count: Callable[[Any, int, int], int]) -> Callable[[Place, int], int]:
    def run(place: Place, most: int) -> int:
        with connection.cursor() as cursor:
            return count(cursor.cursor, place.project.pk, most)

    return run


@pytest.mark.django_db
@pytest.mark.parametrize(("issues", "count"), [(1, sql.count), (20, sql.count_new)], ids=["one issue", "new issues"])
def test_writes_the_rows_that_the_service_writes(
    place: Place, issues: int, count: Callable[[Any, int, int], int]
) -> None:
    place.fill(150, issues)
    before, start = rows(), transaction.savepoint()

    counted_by_service = by_service(place, 120)
    service, left = rows(), Arrival.objects.count()
    transaction.savepoint_rollback(start)
    assert rows() == before
    counted_by_floor = by_hand(count)(place, 120)

    assert rows() == service != before
    assert counted_by_floor == counted_by_service == 120
    assert Arrival.objects.count() == left == 30
