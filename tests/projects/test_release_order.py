"""The order of a project's releases, compared with the rule in plain Python (contract section 5, decision 24)."""

import re
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import Project, Release
from projects.release_order import carry, next_releases
from projects.versions import Numbered, numbered
from tests.factories import NOW, OrganizationFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)

# ---------------------------------------------------------------------------------------------------------------------
# The rule, as it is written
# ---------------------------------------------------------------------------------------------------------------------


def number_of(release: Release) -> Any:
    """Return the package and number of a version, which compare as semver has it; None if it has none."""
    found = re.fullmatch(r"([^@]+)@(\d+(?:\.\d+){1,3})(?:-([\w.]+))?(?:\+\w+)?", release.version, re.ASCII)
    if found is None:
        return None
    numbers = [int(word) for word in found[2].split(".")]
    words = [(word.isalpha(), 0 if word.isalpha() else int(word), word) for word in (found[3] or "").split(".") if word]
    return found[1], ([*numbers, 0, 0][:4], found[3] is None, words)


def date_of(release: Release) -> datetime:
    return release.released_at or release.created_at


def by_the_rule(releases: Collection[Release]) -> list[Release]:
    """Return the releases of a project, oldest first."""

    def place(release: Release) -> Any:
        mine = number_of(release)
        if mine is None:
            return (date_of(release), release.pk), (), date_of(release), release.pk
        up_to = [other for other in releases if (its := number_of(other)) and its[0] == mine[0] and its[1] <= mine[1]]
        latest = max(up_to, key=lambda other: (date_of(other), other.pk))
        return (date_of(latest), latest.pk), mine[1], date_of(release), release.pk

    return sorted(releases, key=place)


# ---------------------------------------------------------------------------------------------------------------------
# What is stored
# ---------------------------------------------------------------------------------------------------------------------

WORDS = ["1.9", "2.0", "2.0-rc.1", "2.0-rc.2", "2.0+7", "2.0.0", "2.0.1", "10.0", "1.10.0.1"]
VERSIONS = ["nightly", "2026", *(f"p@{word}" for word in WORDS), *(f"q@{word}" for word in WORDS)]


def many_projects(count: int) -> list[Project]:
    organization = OrganizationFactory()
    return Project.objects.bulk_create(
        Project(organization=organization, slug=f"project-{number}", name="x") for number in range(count)
    )


def unsaved(project: Project, version: str, dice: Random) -> Release:
    """A release of one of a few days, so that many have the same date."""
    return Release(
        project=project,
        version=version,
        created_at=NOW - dice.randrange(6) * DAY,
        released_at=dice.choice([None, NOW - dice.randrange(6) * DAY]),
        **numbered(version)._asdict(),
    )


def stored(projects: Collection[Project]) -> dict[int, list[Release]]:
    found: dict[int, list[Release]] = {project.pk: [] for project in projects}
    for release in Release.objects.filter(project__in=projects).newest_first().reverse():
        found[release.project_id].append(release)
    return found


def test_is_what_the_rule_says_of_hundreds_of_projects() -> None:
    dice = Random(5)
    projects = many_projects(600)
    Release.objects.bulk_create(
        unsaved(project, version, dice)
        for project in projects
        for version in dice.sample(VERSIONS, dice.randrange(1, 8))
    )

    for package in ("p", "q"):
        carry([project.pk for project in projects], Numbered(package, "0"))

    for releases in stored(projects).values():
        assert releases == by_the_rule(releases)
        for one, other in pairwise([release for release in releases if release.package == "p"]):
            assert number_of(one) <= number_of(other)
        for one, other in pairwise([release for release in releases if not release.package]):
            assert date_of(one) <= date_of(other)


def test_stays_what_the_rule_says_whatever_comes_changes_and_goes() -> None:
    dice = Random(6)
    projects = many_projects(40)
    for _ in range(12):
        changed: dict[Numbered, list[int]] = defaultdict(list)
        for project, releases in zip(projects, stored(projects).values(), strict=True):
            known = {release.version for release in releases}
            if releases and dice.random() < 0.3:
                release = dice.choice(releases)
                if dice.random() < 0.5:
                    release.delete()
                else:
                    Release.objects.filter(pk=release.pk).update(released_at=NOW - dice.randrange(6) * DAY)
            else:
                release = unsaved(project, dice.choice([word for word in VERSIONS if word not in known] or ["x"]), dice)
                if release.version not in known:
                    release.save()
            changed[numbered(release.version)].append(project.pk)

        for number, project_ids in changed.items():
            carry(project_ids, number)

        for releases in stored(projects).values():
            assert releases == by_the_rule(releases)


def versions_of(project: Project) -> list[str]:
    return [release.version for release in Release.objects.of_project(project.pk).newest_first().reverse()]


def test_goes_by_number_within_a_package_and_by_date_between(project: Project) -> None:
    for months, version in [(1, "p@2.0"), (2, "nightly"), (3, "p@1.9")]:
        ReleaseFactory(project=project, version=version, released_at=NOW.replace(month=months))
    assert versions_of(project) == ["nightly", "p@1.9", "p@2.0"]

    Release.objects.get(version="p@1.9").delete()
    carry([project.pk], numbered("p@1.9"))
    assert versions_of(project) == ["p@2.0", "nightly"]


def test_goes_by_id_where_two_packages_have_one_date(project: Project) -> None:
    """A number counts within its package only."""
    for version in ("p@9.0", "nightly", "q@1.0"):
        ReleaseFactory(project=project, version=version, released_at=NOW)
    ReleaseFactory(project=project, version="p@10.0", released_at=NOW - DAY)

    assert versions_of(project) == ["p@9.0", "p@10.0", "nightly", "q@1.0"]


def test_is_of_each_project_alone(project: Project, other_project: Project) -> None:
    ReleaseFactory(project=project, version="p@2.0", released_at=NOW - 9 * DAY)
    ReleaseFactory(project=project, version="nightly", released_at=NOW - 5 * DAY)
    ReleaseFactory(project=other_project, version="p@1.9", released_at=NOW)

    carry([project.pk, other_project.pk], numbered("p@1.9"))

    assert versions_of(project) == ["p@2.0", "nightly"]


def test_takes_numbers_of_any_length(project: Project) -> None:
    versions = [f"p@{'9' * digits}.0" for digits in (1, 18, 19, 20, 246)]
    for days, version in enumerate(versions):
        ReleaseFactory(project=project, version=version, released_at=NOW - days * DAY)

    assert versions_of(project) == versions


def test_is_written_by_one_statement_for_each_project_and_only_where_it_changes() -> None:
    projects = many_projects(20)
    for project in projects:
        for days, word in enumerate(["1.0", "2.0", "3.0"]):
            ReleaseFactory(project=project, version=f"p@{word}", released_at=NOW - days * DAY)
    before = dict(Release.objects.values_list("pk", "carried_by_id"))

    with CaptureQueriesContext(connection) as queries:
        carry([project.pk for project in projects], numbered("p@2.0"))
        carry([project.pk for project in projects], numbered("nightly"))

    assert len(queries) == 20
    assert dict(Release.objects.values_list("pk", "carried_by_id")) == before
    assert sum(pk is not None for pk in before.values()) == 40  # all but 1.0, which is the latest


def rows_read() -> int:
    """Return how many rows of releases this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables
            WHERE relname LIKE 'projects_release%'
            """
        )
        return int(cursor.fetchone()[0])


def made(project: Project, count: int, apart: timedelta) -> list[Release]:
    return Release.objects.bulk_create(
        Release(
            project=project,
            version=f"p@1.{number}",
            created_at=NOW - DAY + number * apart,
            **numbered(f"p@1.{number}")._asdict(),
        )
        for number in range(count)
    )


@pytest.mark.parametrize("later", [1, -1], ids=["as they are numbered", "the other way round"])
def test_reads_a_release_a_few_times_however_many_come_at_once(project: Project, later: int) -> None:
    """In a transaction that has made them, PostgreSQL expects none, and would look through all for each."""
    count = 300
    made(project, count, later * timedelta(minutes=1))
    before = rows_read()

    carry([project.pk], numbered("p@1.0"))

    assert rows_read() - before <= 10 * count
    carried = Release.objects.filter(project=project, carried_by_id__isnull=False).count()
    assert carried == (0 if later > 0 else count - 1)


def test_leaves_joins_as_they_were_for_what_follows(project: Project) -> None:
    ReleaseFactory(project=project, version="p@1.0")

    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)


# ---------------------------------------------------------------------------------------------------------------------
# Out, and the next one
# ---------------------------------------------------------------------------------------------------------------------


def test_is_not_out_before_its_date(project: Project) -> None:
    out, later = (
        ReleaseFactory(project=project, created_at=NOW - DAY, released_at=NOW + days * DAY) for days in (0, 2)
    )

    found = [set(Release.objects.of_project(project.pk).out_at(NOW + days * DAY)) for days in (-1, 0, 1, 2)]

    assert found == [set(), {out}, {out}, {out, later}]


def test_is_out_for_who_began_before_it_was_made(project: Project) -> None:
    """As a request that waited for another one."""
    release = ReleaseFactory(project=project, created_at=NOW)

    assert Release.objects.out_at(NOW - DAY).get() == release
    assert next_releases({(project.pk, None)}, at=NOW - DAY) == {(project.pk, None): release.pk}


def test_the_next_one_is_the_first_that_is_newer_and_out(project: Project, other_project: Project) -> None:
    base, later, soon = (
        ReleaseFactory(project=project, created_at=NOW - 9 * DAY, released_at=NOW + days * DAY) for days in (-5, 2, 1)
    )
    there = ReleaseFactory(project=other_project, version="1.0")
    bases = [(project.pk, base.pk), (project.pk, None), (project.pk, later.pk), (other_project.pk, None)]

    found = [next_releases(bases, at=NOW + days * DAY) for days in (0, 1, 2)]

    always: dict[tuple[int, int | None], int] = {(project.pk, None): base.pk, (other_project.pk, None): there.pk}
    assert found == [always, {**always, (project.pk, base.pk): soon.pk}, {**always, (project.pk, base.pk): soon.pk}]
    assert next_releases([], at=NOW) == {}


def test_the_next_one_is_looked_up_from_the_one_before_on(project: Project) -> None:
    """Each of ten thousand issues may wait for the next after another release, or all for that after the newest."""
    releases = made(project, 300, timedelta(minutes=1))
    before = rows_read()

    found = next_releases([(project.pk, release.pk) for release in releases], at=NOW)

    assert rows_read() - before <= 10 * len(releases)
    assert found == {(project.pk, one.pk): other.pk for one, other in pairwise(releases)}
