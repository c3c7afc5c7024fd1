"""The admin of people, places and credentials."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from projects.admin.lists import INLINE_ROWS, CappedPaginator
from projects.credentials import create_api_key, create_token
from projects.models import (
    ApiKey,
    ApiToken,
    Deploy,
    Organization,
    OrganizationMember,
    Project,
    Release,
    Team,
    User,
)
from tests.projects.admin.pages import INLINE_ROW, LOOK_ONLY, NEVER_DELETED, TABLES, address

pytestmark = pytest.mark.django_db


# what opens


@pytest.mark.parametrize("table", TABLES)
def test_opens_every_list_and_page(operator: Client, rows: dict[str, int], table: str) -> None:
    pages = [
        address(table, "changelist"),
        address(table, "change", rows[table]),
        address(table, "history", rows[table]),
    ]

    assert [operator.get(page).status_code for page in pages] == [200, 200, 200]


@pytest.mark.parametrize("table", TABLES)
def test_searches(operator: Client, rows: dict[str, int], table: str) -> None:
    assert operator.get(address(table, "changelist"), {"q": "nothing has this name"}).status_code == 200


@pytest.mark.parametrize("table", TABLES)
def test_no_address_sorts_a_list(operator: Client, rows: dict[str, int], table: str) -> None:
    """Most columns have no index."""

    def order(**query: str) -> list[str]:
        listed: list[str] = operator.get(address(table, "changelist"), query).context["cl"].queryset.query.order_by
        return listed

    words = ("1", "-1", ("2.-3", "-9", "x", "1.1", "99999")[list(TABLES).index(table) % 5])
    assert {tuple(order(o=word)) for word in words} == {tuple(order())}


def test_finds_a_release_by_its_whole_version(operator: Client, rows: dict[str, int]) -> None:
    def found(word: str) -> Any:
        return operator.get(address("release", "changelist"), {"q": word}).context["cl"].result_count

    assert [found("1.0.0"), found("1.0")] == [1, 0]


def test_shows_the_deploys_of_a_release_on_its_page(operator: Client, rows: dict[str, int]) -> None:
    page = operator.get(address("release", "change", rows["release"])).content.decode()

    assert "production" in page
    assert len(INLINE_ROW.findall(page)) == 1


def test_opens_nothing_for_someone_who_is_no_staff(client: Client, rows: dict[str, int]) -> None:
    client.force_login(User.objects.get(username="kit"))

    answer = client.get(address("organization", "changelist"))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


def test_leaves_out_groups() -> None:
    assert "Group" not in [model.__name__ for model in admin.site._registry]


def test_shows_no_hash_on_any_page(operator: Client, rows: dict[str, int]) -> None:
    hashes = [
        ApiKey.objects.get().secret_hash,
        ApiToken.objects.get().secret_hash,
        User.objects.get(username="kit").password,
    ]
    pages = [address(table, "changelist") for table in TABLES]
    pages += [address(table, page, rows[table]) for table in TABLES for page in ("change", "history")]
    pages += [address("apitoken", "delete", rows["apitoken"]), reverse("admin:settings")]

    shown = "".join(operator.get(page).content.decode() for page in pages)

    assert [secret_hash for secret_hash in hashes if secret_hash in shown] == []


@pytest.mark.parametrize("table", TABLES)
def test_asks_as_often_for_many_rows_as_for_few(
    operator: Client, rows: dict[str, int], table: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    organizations = [Organization.objects.create(slug=f"org-{number}", name="") for number in range(20)]
    for number, organization in enumerate(organizations):
        user = User.objects.create_user(f"user{number}")
        Team.objects.create(organization=organization, slug="crew", name="")
        project = Project.objects.create(organization=organization, slug="relay", name="")
        release = Release.objects.create(project=project, version="1.0.0")
        Deploy.objects.create(
            project=project, release=release, environment="qa", finished_at=datetime(2026, 3, 1, tzinfo=UTC)
        )
        OrganizationMember.objects.create(organization=organization, user=user)
        create_api_key(organization)
        create_token(user)

    with django_assert_max_num_queries(5):  # session, user, count, rows
        operator.get(address(table, "changelist"))


def test_shows_the_first_members_of_a_large_organization_and_says_so(operator: Client, rows: dict[str, int]) -> None:
    users = User.objects.bulk_create(User(username=f"user{number}") for number in range(INLINE_ROWS + 5))
    OrganizationMember.objects.bulk_create(
        OrganizationMember(organization_id=rows["organization"], user=user) for user in users
    )

    page = operator.get(address("organization", "change", rows["organization"])).content.decode()

    assert len(INLINE_ROW.findall(page)) == INLINE_ROWS
    assert f"Members: {INLINE_ROWS} rows; there are more" in page


# how far it counts


def test_counts_up_to_the_cap_exactly(rows: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.admin.lists.COUNTED_AT_MOST", 4)
    Organization.objects.bulk_create(Organization(slug=f"org-{number}", name="") for number in range(3))

    paginator = CappedPaginator(Organization.objects.order_by("pk"), 2)

    assert (paginator.count, str(paginator.count), paginator.num_pages) == (4, "4", 2)


def test_stops_counting_at_the_cap_and_says_so(
    operator: Client, rows: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.admin.lists.COUNTED_AT_MOST", 4)
    Organization.objects.bulk_create(Organization(slug=f"org-{number}", name="") for number in range(9))

    paginator = CappedPaginator(Organization.objects.order_by("pk"), 2)
    page = operator.get(address("organization", "changelist")).content.decode()

    assert (paginator.count, str(paginator.count), paginator.num_pages) == (4, "4+", 2)
    assert len(paginator.page(2)) == 2
    assert "4+ organizations" in " ".join(page.split())


# what is refused


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("table", LOOK_ONLY)
def test_refuses_to_add_and_delete(operator: Client, rows: dict[str, int], table: str, method: str) -> None:
    ask = getattr(operator, method)

    assert ask(address(table, "add"), {"name": "Other"}).status_code == 403
    assert ask(address(table, "delete", rows[table]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("table", LOOK_ONLY)
def test_refuses_to_change(operator: Client, rows: dict[str, int], table: str) -> None:
    model = admin.site._registry
    before = [list(kind._default_manager.values()) for kind in model if kind._meta.model_name in LOOK_ONLY]

    answer = operator.post(address(table, "change", rows[table]), {"name": "Other", "slug": "other"})

    assert answer.status_code == 403
    assert [list(kind._default_manager.values()) for kind in model if kind._meta.model_name in LOOK_ONLY] == before


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_deletes_nothing_in_bulk(operator: Client, rows: dict[str, int], table: str) -> None:
    asked = {"action": "delete_selected", "_selected_action": [rows[table]], "post": "yes"}

    operator.post(address(table, "changelist"), asked)

    model = next(kind for kind in admin.site._registry if kind._meta.model_name == table)
    assert model._default_manager.filter(pk=rows[table]).exists()


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_refuses_to_delete(operator: Client, rows: dict[str, int], table: str) -> None:
    assert operator.post(address(table, "delete", rows[table]), {"post": "yes"}).status_code == 403
