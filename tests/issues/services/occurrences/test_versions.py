"""The releases that events name ... (contract 7.7, section 5)"""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from issues.models import Issue, IssueRelease
from issues.mutation import NamedRelease, Resolve
from projects.callers import Caller
from projects.models import Project, Release, User
from tests.factories import NOW, ReleaseFactory
from tests.issues.services.calls import ask
from tests.issues.services.occurrences.batches import DAY, HOUR, MINUTE, count, event, issue_of, known

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(jane: User) -> Caller:
    return Caller(user=jane)


def seen_in(issue: Issue) -> tuple[str | None, ...]:
    """Return the first and the last release of the issue's own events, and of all that it shows."""
    issue.refresh_from_db()
    releases = (issue.own_first_release, issue.own_last_release, issue.first_release, issue.last_release)
    return tuple(release and release.version for release in releases)


def dates(project: Project) -> dict[str, Any]:
    return dict(Release.objects.filter(project=project).values_list("version", "created_at"))


def test_are_made_where_the_project_lacks_them(project: Project, other_project: Project) -> None:
    ReleaseFactory(projects=[other_project], version="1.0")
    before = ReleaseFactory(projects=[project], version="2.0", created_at=NOW - DAY)

    count(project, event(release="1.0"), event(release="2.0"), event())

    assert dates(project) == {"1.0": NOW, "2.0": NOW - DAY}
    made = Release.objects.get(project=project, version="1.0")
    assert (made.status, made.released_at, made.ref, made.url) == ("open", None, "", "")
    assert seen_in(issue_of(project)) == ("2.0", "1.0", "2.0", "1.0")
    assert made.pk > before.pk


def test_date_from_their_earliest_event_in_the_batch(project: Project) -> None:
    count(project, event(at=NOW, release="1.0"), event("valve", at=NOW - HOUR, release="1.0"))
    count(project, event(at=NOW - DAY, release="1.0"))

    assert dates(project) == {"1.0": NOW - HOUR}


def test_are_no_news_without_a_name(project: Project) -> None:
    count(project, event())

    assert dates(project) == {}
    assert seen_in(issue_of(project)) == (None,) * 4


def test_are_put_in_order_by_their_numbers(project: Project) -> None:
    """The lower number comes later, and carries those above it."""
    count(project, event(at=NOW - DAY, release="app@2.0"), event("valve", at=NOW, release="app@1.0"))

    assert list(Release.objects.newest_first().values_list("version", flat=True)) == ["app@2.0", "app@1.0"]


def test_of_many_packages_are_put_in_order_at_once(project: Project) -> None:
    versions = [f"{package}@{number}" for package in ("a", "b") for number in ("3.0", "1.0", "2.0")]

    count(project, *(event(at=NOW + n * MINUTE, release=version) for n, version in enumerate(versions)))

    assert list(Release.objects.newest_first().values_list("version", flat=True)) == [
        *("b@3.0", "b@2.0", "b@1.0"),
        *("a@3.0", "a@2.0", "a@1.0"),
    ]


def test_are_the_first_and_the_last_by_their_order_not_by_the_events(project: Project) -> None:
    count(project, event(at=NOW, release="app@2.0"))
    count(project, event(at=NOW + DAY, release="app@1.0"), event(at=NOW - DAY, release="app@3.0"))
    assert seen_in(issue_of(project)) == ("app@1.0", "app@3.0", "app@1.0", "app@3.0")

    count(project, event(at=NOW + 2 * DAY, release="app@2.5"))

    assert seen_in(issue_of(project)) == ("app@1.0", "app@3.0", "app@1.0", "app@3.0")


def test_are_shown_above(project: Project, by: Caller) -> None:
    root = known(project, "root", own_first_seen=NOW - 9 * DAY)
    child, grandchild = known(project, "child", own_first_seen=NOW - 8 * DAY), known(project, "grandchild")
    for pair in ([child, grandchild], [root, child]):
        ask(project, pair, by=by, merge=True, body={"merge": True})

    count(project, event("grandchild", release="app@3.0"), event("child", release="app@2.0"))
    count(project, event("root", release="app@1.0"))

    assert seen_in(grandchild) == ("app@3.0",) * 4
    assert seen_in(child) == ("app@2.0", "app@2.0", "app@2.0", "app@3.0")
    assert seen_in(root) == ("app@1.0", "app@1.0", "app@1.0", "app@3.0")


def test_are_shown_above_as_releases_of_the_tree(project: Project, by: Caller) -> None:
    """A date that changes leaves totals as they are. A release that would come first now is the first of no issue."""
    root, child = known(project, "root", own_first_seen=NOW - 9 * DAY), known(project, "child")
    count(project, event("root", release="a"), event("child", at=NOW + MINUTE, release="b"))
    ask(project, [root, child], by=by, merge=True, body={"merge": True})
    Release.objects.filter(version="b").update(released_at=NOW - 9 * DAY)

    count(project, event("child", at=NOW - DAY, release="c"))

    assert seen_in(child) == ("b", "c", "b", "c")
    assert seen_in(root) == ("a", "a", "b", "c")


def test_settle_what_waits_in_all_of_the_project_and_nowhere_else(
    project: Project, other_project: Project, by: Caller
) -> None:
    waiting, elsewhere = known(project, "waiting"), known(other_project, "waiting")
    child = known(project, "child", own_first_seen=NOW - HOUR)
    ask(project, [waiting, child], by=by, at=NOW, status=Resolve(in_next_release=True))
    ask(other_project, [elsewhere], by=by, at=NOW, status=Resolve(in_next_release=True))
    ask(project, [waiting, child], by=by, at=NOW, merge=True, body={"merge": True})

    count(project, event("pump", at=NOW + MINUTE, release="1.0"), at=NOW + MINUTE)

    for issue in (waiting, child, elsewhere):
        issue.refresh_from_db()
    kinds = [issue.resolution_kind for issue in (waiting, child, elsewhere)]
    assert kinds == ["in_release", "in_release", "in_next_release"]
    assert waiting.activities.get(kind="set_resolved_in_release").data == {"version": "1.0"}


def test_do_not_settle_what_is_based_on_a_newer_one(project: Project, by: Caller) -> None:
    ReleaseFactory(projects=[project], version="app@2.0", created_at=NOW - DAY)
    waiting = known(project, "waiting")
    ask(project, [waiting], by=by, at=NOW, status=Resolve(in_next_release=True))

    count(project, event(at=NOW + MINUTE, release="app@1.9"), at=NOW + MINUTE)
    waiting.refresh_from_db()
    assert waiting.resolution_kind == "in_next_release"
    count(project, event(at=NOW + HOUR, release="app@2.1"), at=NOW + HOUR)

    waiting.refresh_from_db()
    assert (waiting.resolution_kind, waiting.resolution_release and waiting.resolution_release.version) == (
        "in_release",
        "app@2.1",
    )


def test_come_after_what_time_alone_has_made_the_next(project: Project, by: Caller) -> None:
    """That was there first: it has settled what waits before any event could bring another one."""
    waiting = known(project, "waiting")
    ReleaseFactory(projects=[project], version="base", created_at=NOW - DAY)
    ReleaseFactory(projects=[project], version="planned", created_at=NOW - DAY, released_at=NOW + 2 * HOUR)
    ask(project, [waiting], by=by, at=NOW, status=Resolve(in_next_release=True))

    count(project, event(at=NOW + HOUR, release="surprise"), at=NOW + 3 * HOUR)

    waiting.refresh_from_db()
    assert waiting.resolution_release is not None
    assert waiting.resolution_release.version == "planned"


def test_that_are_not_out_yet_still_open_an_issue_that_waits_for_a_newer_one(project: Project, by: Caller) -> None:
    waiting = known(project, "waiting")
    ReleaseFactory(projects=[project], version="base", created_at=NOW - DAY)
    ReleaseFactory(projects=[project], version="planned", created_at=NOW - DAY, released_at=NOW + DAY)
    ask(project, [waiting], by=by, at=NOW, status=Resolve(in_next_release=True))

    count(project, event("waiting", at=NOW + HOUR, release="planned"), at=NOW + HOUR)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.reopened_as) == ("unresolved", "regressed")


def named(project: Project, version: str) -> NamedRelease:
    return NamedRelease(id=Release.objects.get(project=project, version=version).pk, version=version)


def known_in(project: Project) -> set[str]:
    """Return the releases that the index has of the issue of ``event()``."""
    rows = IssueRelease.objects.filter(project=project, issue=issue_of(project))
    return set(rows.values_list("release__version", flat=True))


def test_are_found_by_an_index_as_long_as_they_are_the_first_or_the_last(project: Project) -> None:
    for days, version in enumerate(("1.0", "2.0", "3.0")):
        ReleaseFactory(projects=[project], version=version, created_at=NOW + days * DAY)

    count(project, event(release="2.0"))
    assert known_in(project) == {"2.0"}
    count(project, event(release="3.0"), event("valve", release="1.0"))
    assert known_in(project) == {"2.0", "3.0"}
    count(project, event(release="1.0"), event(release="2.0"))  # first and last are others now
    assert known_in(project) == {"1.0", "3.0"}
    count(project, event())
    assert known_in(project) == {"1.0", "3.0"}
    assert IssueRelease.objects.exclude(issue=issue_of(project)).get().release.version == "1.0"


def test_of_issues_from_before_the_index_are_found_by_it_too(project: Project) -> None:
    count(project, event(release="1.0"), event("valve", release="1.0"), event("pipe"))
    count(project, event(release="2.0"))
    rows = set(IssueRelease.objects.values_list("project", "issue", "release"))
    IssueRelease.objects.all().delete()

    with connection.cursor() as cursor:
        cursor.execute(import_module("issues.migrations.0028_issues_by_release").FILL)

    assert len(rows) == 3
    assert set(IssueRelease.objects.values_list("project", "issue", "release")) == rows
