"""The chip of the projects: it says what the search says of them, too, and choosing another takes that out."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from desk.list.chips import Chip
from projects.models import Project
from tests.desk.reading import LIST

pytestmark = pytest.mark.django_db


def chip_of(client: Client, **query: Any) -> Chip:
    (chip,) = [chip for chip in client.get(LIST, query).context["chips"] if chip.label == "Project"]
    return chip  # type: ignore[no-any-return] # a context is of anything


def led_to(chip: Chip, label: str) -> tuple[str, list[str]]:
    (choice,) = [choice for choice in chip.choices if choice.label == label]
    view = QueryDict(choice.address[1:])
    return view["query"], view.getlist("project")


@pytest.mark.parametrize(
    ("query", "value", "lit"),
    [
        ("is:unresolved project:pump-station", "pump-station", ["pump-station"]),
        ("project:[pump-station,turbine]", "pump-station, turbine", ["pump-station", "turbine"]),
        ("!project:pump-station", "!project:pump-station", []),
        ("project:nothing", "project:nothing", []),
        ("is:unresolved pump", "", ["All projects"]),
        ("project:", "", ["All projects"]),
    ],
)
def test_says_what_the_search_says_of_projects(
    as_jane: Client, project: Project, other_project: Project, query: str, value: str, lit: list[str]
) -> None:
    Project.objects.filter(pk=other_project.pk).update(slug="turbine")

    chip = chip_of(as_jane, query=query)

    assert chip.value == value
    assert [choice.label for choice in chip.choices if choice.is_on] == lit


def test_choosing_takes_it_out_of_the_search(as_jane: Client, project: Project, other_project: Project) -> None:
    chip = chip_of(as_jane, query=f"is:unresolved project:{project.slug} pump")

    assert led_to(chip, "All projects") == ("is:unresolved pump", [])
    assert led_to(chip, project.slug) == ("is:unresolved pump", [])
    both = sorted([project.pk, other_project.pk])
    assert led_to(chip, other_project.slug) == ("is:unresolved pump", [str(pk) for pk in both])


def test_says_it_beside_what_is_chosen(as_jane: Client, project: Project, other_project: Project) -> None:
    chip = chip_of(as_jane, query=f"project:{project.slug}", project=other_project.pk)

    assert chip.value == f"{other_project.slug}, {project.slug}"
    assert led_to(chip, other_project.slug) == ("", [str(project.pk)])
