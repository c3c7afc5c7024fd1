"""Saved searches: one's own, and those that members of an organization share."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from desk.models import MAX_VIEW, SavedSearch
from projects.models import Organization, OrganizationMember, Project, Role, User
from tests.assertions import decided_by
from tests.desk.acting.steps import said
from tests.desk.reading import LIST, browser_of
from tests.factories import OrganizationMemberFactory

pytestmark = pytest.mark.django_db

SEARCHES = reverse("desk:searches")


def save(client: Client, name: str = "Hot", view: str = "?query=level%3Afatal&sort=freq", **fields: Any) -> Any:
    return client.post(SEARCHES, {"name": name, "view": view, "back": LIST, **fields}, follow=True)


def tabs(client: Client, address: str = "") -> dict[str, tuple[str, bool]]:
    """Return the searches at hand: where each leads, and whether that is here."""
    return {tab.label: (tab.address, tab.is_on) for tab in client.get(LIST + address).context["tabs"]}


def test_saves_a_view_under_a_name_which_leads_there(as_jane: Client, project: Project) -> None:
    assert said(save(as_jane)) == ["Saved as “Hot”."]

    assert tabs(as_jane)["Hot"] == ("?query=level%3Afatal&sort=freq", False)
    assert tabs(as_jane, "?query=level%3Afatal&sort=freq")["Hot"][1]
    assert not tabs(as_jane, "?query=level%3Afatal")["Hot"][1]


def test_gives_a_name_to_another_view(as_jane: Client, project: Project) -> None:
    save(as_jane)
    save(as_jane, view="?query=pump")

    assert tabs(as_jane)["Hot"][0] == "?query=pump"
    assert SavedSearch.objects.count() == 1


def test_is_ones_own_unless_it_is_shared_with_an_organization(
    as_jane: Client, as_sam: Client, as_kit: Client, organization: Organization, project: Project
) -> None:
    save(as_jane, "Mine")
    answer = save(as_jane, "Ours", organization=str(organization.pk))

    assert said(answer) == ["Saved as “Ours”, shared with the members of the-interstellar-jurisdiction."]
    assert "Ours" in tabs(as_sam)
    assert "Mine" not in tabs(as_sam)
    assert {"Mine", "Ours"}.isdisjoint(tabs(as_kit))


def test_is_shared_with_organizations_of_ones_own_only(
    as_kit: Client, organization: Organization, project: Project
) -> None:
    answer = save(as_kit, organization=str(organization.pk))

    assert said(answer) == ["There is no such organization of yours to share it with; nothing was saved."]
    assert not SavedSearch.objects.exists()


def test_is_removed_by_whose_it_is(
    as_jane: Client, as_sam: Client, organization: Organization, project: Project
) -> None:
    save(as_jane, organization=str(organization.pk))
    pk = SavedSearch.objects.get().pk

    for word in (str(pk), "x", "999"):
        browser, error = (as_sam, ["There is no such search that you may remove."])
        assert said(browser.post(SEARCHES, {"remove": word}, follow=True)) == error
    as_jane.post(SEARCHES, {"remove": str(pk)})
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_that_is_shared_is_removed_by_who_may_though_another_saved_it(
    role: Role, as_jane: Client, jane: User, organization: Organization, project: Project
) -> None:
    me = OrganizationMemberFactory(organization=organization, role=role).user
    OrganizationMemberFactory(user=me, role=Role.OWNER)  # of another organization, which says nothing of this one
    save(as_jane, "Ours", organization=str(organization.pk))
    save(as_jane, "Hers")
    OrganizationMember.objects.filter(user=jane).delete()  # who shared it has left
    browser = browser_of(me)
    ours, hers = (SavedSearch.objects.get(name=name).pk for name in ("Ours", "Hers"))

    offered = [saved.name for saved in browser.get(LIST).context["of_others"]]
    for pk in (ours, hers):
        browser.post(SEARCHES, {"remove": str(pk)})

    may = role in {Role.MANAGER, Role.OWNER}
    assert offered == (["Ours"] if may else [])
    assert [search.name for search in SavedSearch.objects.order_by("pk")] == (["Hers"] if may else ["Ours", "Hers"])


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "a\0b"},
        {"view": ""},
        {"view": "javascript:alert(1)"},
        {"view": "?" + "x" * MAX_VIEW},
    ],
    ids=lambda fields: str(fields)[:30],
)
def test_says_what_can_not_be_saved(as_jane: Client, project: Project, fields: dict[str, str]) -> None:
    assert said(save(as_jane, **fields))[0].startswith("Give the search a name")
    assert not SavedSearch.objects.exists()


def test_keeps_fifty_of_one_person(
    as_jane: Client, jane: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.searches.AT_MOST", 1)
    save(as_jane)

    assert said(save(as_jane, "Another")) == ["You have 1 saved searches; remove one first."]
    assert said(save(as_jane, view="?query=pump")) == ["Saved as “Hot”."]


def test_lights_the_search_that_one_sees(as_jane: Client, project: Project) -> None:
    lit = [[name for name, (_, is_on) in tabs(as_jane, view).items() if is_on] for view in ("", "?query=", "?query=x")]

    assert lit == [["Unresolved"], ["All"], []]


# the table


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"name": ""}, "desk_savedsearch_has_a_name"),
        ({"view": "https://elsewhere.example.com"}, "desk_savedsearch_view_is_an_address"),
        ({"view": "?" + "x" * MAX_VIEW}, "desk_savedsearch_view_is_not_too_long"),
        ({}, "desk_savedsearch_name_once_per_owner"),
    ],
)
def test_the_table_takes_no_other(jane: User, columns: dict[str, str], constraint: str) -> None:
    SavedSearch.objects.create(owner=jane, name="Hot", view="?query=")
    if columns:
        SavedSearch.objects.all().delete()

    with decided_by(constraint, is_allowed=False):
        SavedSearch.objects.create(**{"owner": jane, "name": "Hot", "view": "?query=", **columns})


def test_goes_with_its_owner_and_its_organization(jane: User, kit: User, organization: Organization) -> None:
    SavedSearch.objects.create(
        owner=kit, name="a", view="?", organization=Organization.objects.create(slug="gone", name="Gone")
    )
    SavedSearch.objects.create(owner=jane, name="b", view="?", organization=organization)

    Organization.objects.get(slug="gone").delete()

    assert [search.name for search in SavedSearch.objects.all()] == ["b"]
    assert browser_of(jane).get(LIST).status_code == 200
