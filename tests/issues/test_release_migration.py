"""Releases of an organization become those of its projects, and lose nothing (projects 0005-0007, issues 0012-0013)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from issues.integrity import INVARIANTS, find
from issues.models import Activity, Issue
from projects.models import Deploy, Project, Release
from projects.release_order import next_releases
from tests.database import connected_to, copy_database
from tests.factories import NOW, ActivityFactory, DeployFactory, IssueFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("projects", "0004_used_last"), ("issues", "0011_understood_bodies")]
AFTER = [("projects", "0007_numbers_of_releases"), ("issues", "0013_bases_in_the_new_order")]
# Of apps that know nothing of ours: what they have needn't be made anew in each test.
OF_OTHERS = {"admin", "auth", "axes", "contenttypes", "sessions"}
SHARED, OWN, OF_NONE, UNLINKED, CARRIED, GONE = 1, 2, 3, 4, 5, 99


def migrate(targets: list[tuple[str, str]]) -> None:
    MigrationExecutor(connection).migrate(targets)


def migrate_to_now() -> None:
    """Of every app: what stands on the old ones went with them."""
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


@pytest.fixture(scope="module")
def old_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database with the tables as they were. Others are copied from it."""
    usual = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        copy_database("template1", f"{usual}_old")
        with connected_to(f"{usual}_old"):
            leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
            migrate([*BEFORE, *(leaf for leaf in leaves if leaf[0] in OF_OTHERS)])
            connection.close()
            connection.settings_dict["NAME"] = usual
            yield f"{usual}_old"


@pytest.fixture
def old_schema(transactional_db: None, old_database: str) -> Iterator[None]:
    """The tables as they were, without any row, in a database that is thrown away."""
    moving = f"{old_database}_moving"
    copy_database(old_database, moving)
    with connected_to(moving):
        yield


def run(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def fill() -> None:
    """Fill the old tables: two projects that share a release, which has a deploy; and what is odd."""
    run("INSERT INTO projects_organization (id, slug, name, open_membership) VALUES (1, 'one', 'One', true)")
    run("INSERT INTO projects_organization (id, slug, name, open_membership) VALUES (2, 'two', 'Two', true)")
    for pk, organization, slug in [(1, 1, "pump"), (2, 1, "mover"), (3, 1, "relay"), (4, 2, "far")]:
        run(
            "INSERT INTO projects_project (id, organization_id, slug, name, platform) VALUES (%s, %s, %s, %s, '')",
            *(pk, organization, slug, slug),
        )
    for pk, version in [(SHARED, "p@2.0"), (OWN, "1.0"), (OF_NONE, "0.9"), (UNLINKED, "0.8"), (CARRIED, "p@1.9")]:
        run(
            "INSERT INTO projects_release (id, organization_id, version, ref, url, status, created_at, released_at)"
            " VALUES (%s, 1, %s, 'abc', 'https://example.com/', 'archived', '2026-01-01', %s)",
            *(pk, version, "2026-02-01" if pk == CARRIED else None),
        )
    run("SELECT setval('projects_release_id_seq', 10)")
    run(
        "INSERT INTO projects_release_projects (release_id, project_id)"
        " VALUES (1, 1), (1, 2), (2, 2), (5, 2), (5, 1), (5, 3)"
    )
    run(
        "INSERT INTO projects_deploy (id, release_id, environment, name, url, finished_at)"
        " VALUES (1, 1, 'production', 'blue', '', '2026-01-02'), (2, 1, 'qa', '', '', '2026-01-03'),"
        " (3, 3, 'production', '', '', '2026-01-03')"
    )
    run("SELECT setval('projects_deploy_id_seq', 10)")


def old_issue(
    pk: int, project: int, *, first: int | None = None, last: int | None = None, by: int | None = None
) -> None:
    run(
        """
        INSERT INTO issues_issue
            (id, project_id, short_number, type, level, logger, platform,
             own_first_seen, own_last_seen, own_times_seen, own_users_seen, own_comment_count,
             first_seen, last_seen, times_seen, users_seen, comment_count,
             first_release_id, last_release_id, own_first_release_id, own_last_release_id,
             status, resolved_at, resolution_kind, resolution_release_id)
        VALUES (%s, %s, %s, 'error', 'error', '', '', '2026-01-01', '2026-01-01', 1, 0, 0,
                '2026-01-01', '2026-01-01', 1, 0, 0, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        *(pk, project, pk, first, last, first, last),
        *(("unresolved", None, None, None) if by is None else ("resolved", "2026-01-02", "in_release", by)),
    )


def release_of(project: int, version: str) -> int:
    return Release.objects.get(project=project, version=version).pk


def fill_with_issues() -> None:
    """Fill the tables, and let issues and activities name what is shared, what is not, and what is gone."""
    fill()
    old_issue(1, 1, first=SHARED, last=CARRIED, by=SHARED)
    old_issue(2, 2, first=OWN, last=SHARED, by=SHARED)
    old_issue(3, 3, first=CARRIED, by=CARRIED)
    old_issue(4, 3)
    for pk, (issue, project, release) in enumerate(
        [(1, 1, SHARED), (2, 2, SHARED), (2, 2, OWN), (2, 2, GONE)], start=1
    ):
        run(
            "INSERT INTO issues_activity"
            " (id, project_id, issue_id, kind, data, created_at, mutation_id, before_status, before_resolved_at,"
            "  before_resolution_kind, before_resolution_release_id)"
            " VALUES (%s, %s, %s, 'set_resolved', '{}', now(), 1, 'resolved', now(), 'in_release', %s)",
            *(pk, project, issue, release),
        )


def old_activity(project: int, issue: int, status: str, kind: str, release: int | None) -> None:
    run(
        "INSERT INTO issues_activity (project_id, issue_id, kind, data, created_at, mutation_id,"
        " before_status, before_resolved_at, before_resolution_kind, before_resolution_release_id)"
        " VALUES (%s, %s, 'set_unresolved', '{}', now(), 1, %s, now(), %s, %s)",
        *(project, issue, status, kind, release),
    )


def assert_each_project_has_a_row_of_its_own() -> None:
    rows = Release.objects.order_by("project", "version")
    assert list(rows.values_list("project__slug", "version")) == [
        *[("pump", "p@1.9"), ("pump", "p@2.0")],
        *[("mover", "1.0"), ("mover", "p@1.9"), ("mover", "p@2.0")],
        ("relay", "p@1.9"),
    ]
    assert {(row.ref, row.url, row.status) for row in rows} == {("abc", "https://example.com/", "archived")}
    # The first of its projects keeps it under its id; those of the others are new.
    assert [release_of(1, "p@2.0"), release_of(2, "1.0"), release_of(1, "p@1.9")] == [SHARED, OWN, CARRIED]
    assert min(release_of(2, "p@2.0"), release_of(2, "p@1.9"), release_of(3, "p@1.9")) > 10
    # What it sorts by is there, too.
    two = Release.objects.get(project=2, version="p@2.0")
    assert (two.package, two.carried_by_id) == ("p", release_of(2, "p@1.9"))
    assert ReleaseFactory(project=Project.objects.get(pk=1)).pk > max(row.pk for row in rows)


def assert_deploys_are_still_gathered_as_one() -> None:
    here, there = release_of(1, "p@2.0"), release_of(2, "p@2.0")
    for releases in ([here, there], [here], [there]):
        gathered = Deploy.objects.gathered([1, 2], releases).order_by("finished_at")
        assert list(gathered.values_list("environment", "name")) == [("production", "blue"), ("qa", "")]
    assert set(Deploy.objects.gathered([1, 2], [here, there]).values_list("pk", flat=True)) == {1, 2}
    assert Deploy.objects.count() == 4


def assert_issues_and_activities_name_the_row_of_their_project() -> None:
    names = ("first_release", "own_first_release", "last_release", "own_last_release", "resolution_release")
    pump, mover, relay, plain = ([row[name] for name in names] for row in Issue.objects.order_by("id").values(*names))
    assert pump == [SHARED, SHARED, CARRIED, CARRIED, SHARED]
    moved = release_of(2, "p@2.0")
    assert mover == [OWN, OWN, moved, moved, moved]
    moved = release_of(3, "p@1.9")
    assert relay == [moved, moved, None, None, moved]
    assert plain == [None] * 5
    before = Activity.objects.order_by("id").values_list("before_resolution_release_id", flat=True)
    assert list(before) == [SHARED, release_of(2, "p@2.0"), OWN, GONE]


def test_gives_each_project_what_is_its_own(old_schema: None, capsys: pytest.CaptureFixture[str]) -> None:
    """In one test: the way back and forth costs seconds."""
    fill_with_issues()

    migrate_to_now()

    assert capsys.readouterr().out.strip() == (
        "Releases are a project's now: of 5 there are 6, one in each project that had them;"
        " 2 of no project are dropped."
    )
    assert_each_project_has_a_row_of_its_own()
    assert_deploys_are_still_gathered_as_one()
    assert_issues_and_activities_name_the_row_of_their_project()


def fill_with_unlinked() -> None:
    """Fill the tables, and let issues name a release of no project, and one of another organization's."""
    fill()
    old_issue(1, 2, first=UNLINKED)
    old_issue(2, 4, last=UNLINKED)
    old_issue(3, 3, by=UNLINKED)
    old_issue(4, 1)
    old_activity(1, 4, "resolved", "in_release", UNLINKED)


def let_some_wait() -> None:
    """Let issues wait for the next release: by date p@1.9 was the newest, by number p@2.0 is."""
    run("UPDATE projects_release SET released_at = '2025-12-01' WHERE id = %s", OWN)
    run("UPDATE projects_release SET created_at = '2026-02-01', released_at = NULL WHERE id = %s", CARRIED)
    for pk, base in ((5, CARRIED), (6, OWN), (7, None)):
        old_issue(pk, 2, by=base or OWN)
        run(
            "UPDATE issues_issue SET resolution_kind = 'in_next_release', resolution_release_id = %s WHERE id = %s",
            base,
            pk,
        )
        old_activity(2, pk, "resolved", "in_next_release", base)


def assert_a_row_is_there_where_an_issue_named_a_release_that_its_project_had_not() -> None:
    """Whoever wrote that, nothing is lost."""
    before = Activity.objects.get(issue=4).before_resolution_release_id
    assert [release_of(1, "0.8"), before] == [UNLINKED] * 2
    assert [
        Issue.objects.values_list(column, flat=True).get(pk=pk)
        for pk, column in [(1, "first_release"), (2, "last_release"), (3, "resolution_release")]
    ] == [release_of(project, "0.8") for project in (2, 4, 3)]
    assert not any(find(invariant) for invariant in INVARIANTS if "release" in invariant.name)


def assert_nothing_is_settled_by_what_was_there_before() -> None:
    """What waits for the next one goes on waiting, also when an undo puts it back."""
    bases = [release_of(2, "p@2.0"), OWN, None]
    waiting = Issue.objects.filter(pk__gt=4).order_by("id")
    assert list(waiting.values_list("resolution_release", flat=True)) == bases
    before = Activity.objects.filter(issue__gt=4).order_by("id").values_list("before_resolution_release_id", flat=True)
    assert list(before) == bases
    assert next_releases({(2, bases[0])}, at=NOW) == {}


def test_loses_nothing_and_settles_nothing(old_schema: None) -> None:
    fill_with_unlinked()
    let_some_wait()

    migrate_to_now()

    assert_a_row_is_there_where_an_issue_named_a_release_that_its_project_had_not()
    assert_nothing_is_settled_by_what_was_there_before()


def test_says_nothing_where_there_was_none(old_schema: None, capsys: pytest.CaptureFixture[str]) -> None:
    migrate(AFTER)

    assert capsys.readouterr().out == ""
    assert run("SELECT count(*) FROM projects_release") == [(0,)]


@pytest.mark.usefixtures("undivided")  # there is no way back from divided tables to keys without the project
def test_can_be_taken_back() -> None:
    """By number p@2.0 is the newest, by date p@1.9, which came later: what waits goes on waiting, there and back."""
    waits = ProjectFactory()
    newest = ReleaseFactory(project=waits, version="p@2.0")
    by_date = ReleaseFactory(project=waits, version="p@1.9", created_at=newest.created_at + timedelta(days=1))
    waiting = IssueFactory(project=waits, resolved_in_next_release=True, resolution_release=newest)
    pump, mover = ProjectFactory(), ProjectFactory()
    Project.objects.filter(pk=mover.pk).update(organization=pump.organization)
    shared = ReleaseFactory(projects=[pump, mover], version="p@2.0", ref="abc")
    there = Release.objects.get(project=mover)
    own = ReleaseFactory(project=mover, version="1.0")
    first = DeployFactory(release=shared)
    DeployFactory(release=there, told_as_id=first.pk)
    DeployFactory(release=there, environment="qa")
    issue = IssueFactory(project=mover, own_first_release=own, own_last_release=there)
    ActivityFactory(
        issue=issue, kind="set_resolved", before_status="resolved", before_resolution_release_id=there.pk, mutation_id=1
    )

    try:
        migrate(BEFORE)

        releases = run("SELECT id, organization_id, version, ref FROM projects_release ORDER BY id")
        links = run("SELECT release_id, project_id FROM projects_release_projects ORDER BY release_id, project_id")
        deploys = run("SELECT release_id, environment FROM projects_deploy ORDER BY id")
        named = run("SELECT first_release_id, last_release_id FROM issues_issue WHERE id = %s", issue.pk)
        before = run("SELECT before_resolution_release_id FROM issues_activity")
        based_on = run("SELECT resolution_kind, resolution_release_id FROM issues_issue WHERE id = %s", waiting.pk)
    finally:
        migrate_to_now()

    organization, of_waits = pump.organization_id, waits.organization_id
    assert releases == [
        (newest.pk, of_waits, "p@2.0", ""),
        (by_date.pk, of_waits, "p@1.9", ""),
        (shared.pk, organization, "p@2.0", "abc"),
        (own.pk, organization, "1.0", ""),
    ]
    assert links == [
        *((newest.pk, waits.pk), (by_date.pk, waits.pk)),
        *((shared.pk, pump.pk), (shared.pk, mover.pk), (own.pk, mover.pk)),
    ]
    assert deploys == [(shared.pk, "production"), (shared.pk, "qa")]
    assert named == [(own.pk, shared.pk)]
    assert before == [(shared.pk,)]
    assert based_on == [("in_next_release", by_date.pk)]
    issue.refresh_from_db()
    assert issue.first_release == own
    assert issue.last_release == Release.objects.get(project=mover, version="p@2.0")
    waiting.refresh_from_db()
    assert (waiting.resolution_kind, waiting.resolution_release) == ("in_next_release", newest)
