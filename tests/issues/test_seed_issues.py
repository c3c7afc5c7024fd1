"""seed_issues: the documented pair is made once, and made-up issues follow from seed and number."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models
from django.db.models import F
from django.utils import timezone

from issues.management.commands.seed_issues import made_up
from issues.models import Issue, IssueHash, IssueHour, IssueRelease, IssueText
from projects.models import Project, Release

pytestmark = pytest.mark.django_db

PUMP_STATION = "the-interstellar-jurisdiction/pump-station"
PRIME_MOVER = "the-interstellar-jurisdiction/prime-mover"
RELAY = "outer-rim/relay"

TABLES: tuple[type[models.Model], ...] = (Issue, IssueText, IssueHash, IssueHour, IssueRelease)


@pytest.fixture
def projects() -> None:
    call_command("seed_projects", stdout=StringIO())


def seed(*words: str) -> str:
    printed = StringIO()
    call_command("seed_issues", *words, stdout=printed)
    return printed.getvalue()


def make(project: str, count: int, *words: str) -> None:
    seed("--project", project, "--count", str(count), *words)


def issues_of(path: str) -> list[Issue]:
    """Return the project's issues by their number."""
    project = Project.objects.named(*path.split("/")).get()
    return list(
        Issue.objects.filter(project=project)
        .select_related("project", "text")
        .prefetch_related("hashes", "hours")
        .order_by("short_number")
    )


def content(path: str) -> list[tuple[Any, ...]]:
    """Return what the seed fixes of each issue, wherever and whenever it was made."""
    return [
        (
            *(issue.short_number, issue.text.title, issue.text.culprit, issue.text.metadata),
            *(issue.level, issue.logger, issue.platform),
            *(issue.times_seen, issue.users_seen, issue.comment_count),
            [stored.hash for stored in issue.hashes.all()],
        )
        for issue in issues_of(path)
    ]


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def delete_all_issues() -> None:
    for table in reversed(TABLES):
        table._default_manager.all().delete()


def everything() -> Iterator[list[dict[str, Any]]]:
    for table in TABLES:
        yield list(table._default_manager.order_by("pk").values())


# The documented pair


@pytest.mark.usefixtures("projects")
def test_makes_the_documented_pair_with_ids_1_and_2() -> None:
    printed = seed()

    assert printed == f"Made 2 issues in {PUMP_STATION}: id 1 and 2.\n"
    assert [(issue.pk, issue.short_id, str(issue.text)) for issue in issues_of(PUMP_STATION)] == [
        (1, "PUMP-STATION-1", "PressureLossError: pump 3 lost suction"),
        (2, "PUMP-STATION-2", "ReactorMeltdownImminent: core 1 is above its limit"),
    ]


@pytest.mark.usefixtures("projects")
def test_starts_the_ids_again_when_the_table_is_empty() -> None:
    seed()
    make(RELAY, 3)
    delete_all_issues()

    seed()

    assert sorted(Issue.objects.values_list("pk", flat=True)) == [1, 2]


@pytest.mark.usefixtures("projects")
def test_makes_a_pair_that_the_published_example_changes() -> None:
    seed()

    first, second = issues_of(PUMP_STATION)
    assert (first.status, first.share_id is not None, first.resolved_at is not None) == ("resolved", True, True)
    assert (second.status, second.share_id is not None, second.resolved_at) == ("unresolved", True, None)
    assert first.share_id != second.share_id


@pytest.mark.usefixtures("projects")
def test_makes_the_pair_once() -> None:
    seed()
    before = list(everything())

    printed = seed()

    assert printed == f"Made nothing: the documented pair is in {PUMP_STATION}.\n"
    assert list(everything()) == before


@pytest.mark.usefixtures("projects")
def test_makes_again_the_one_that_is_missing() -> None:
    seed()
    first = Issue.objects.get(pk=1)
    for model in (IssueHour, IssueHash, IssueText, IssueRelease):
        model._default_manager.filter(issue=first).delete()
    first.delete()

    printed = seed()

    kept, made = Issue.objects.order_by("pk")
    assert (kept.pk, kept.short_number, kept.status) == (2, 2, "unresolved")
    assert (made.pk, made.short_number, made.status) == (3, 3, "resolved")
    assert printed == f"Made 1 issue in {PUMP_STATION}: id 3.\n"


@pytest.mark.usefixtures("projects")
def test_makes_the_pair_beside_other_issues() -> None:
    make(PUMP_STATION, 3)
    make(RELAY, 2)

    seed()

    assert [issue.short_number for issue in issues_of(PUMP_STATION)] == [1, 2, 3, 4, 5]
    assert Issue.objects.count() == 7


@pytest.mark.usefixtures("projects")
def test_makes_a_pair_that_holds_together() -> None:
    before = timezone.now()

    seed()

    assert_holds_together(PUMP_STATION, earliest=before, latest=timezone.now())


# Made-up issues


def assert_holds_together(path: str, *, earliest: datetime, latest: datetime) -> None:
    """The project's issues were made between the two instants; all that the numbers say about each other is true."""
    connection.check_constraints()
    releases = list(Release.objects.filter(project__slug=path.split("/")[1]).newest_first().reverse())
    for issue in issues_of(path):
        hours = {hour.hour: hour.own_count for hour in issue.hours.all()}
        assert 1 <= len(hours) <= 4
        assert min(hours.values()) >= 1
        assert sum(hours.values()) == issue.times_seen
        assert min(hours) == hour_of(issue.first_seen)
        assert max(hours) == hour_of(issue.last_seen)
        assert earliest - timedelta(days=90) <= min(hours)
        assert issue.first_seen <= issue.last_seen <= latest
        assert 0 <= issue.users_seen <= issue.times_seen
        assert issue.resolved_at is None or issue.last_seen <= issue.resolved_at <= latest
        assert {hour.project_id for hour in issue.hours.all()} == {issue.project_id}
        assert [(stored.project_id, len(stored.hash)) for stored in issue.hashes.all()] == [(issue.project_id, 32)]
        assert issue.text.project_id == issue.project_id
        assert issue.text.title == "{type}: {value}".format(**issue.text.metadata)
        if releases:
            assert issue.first_release is not None
            assert issue.last_release is not None
            assert releases.index(issue.first_release) <= releases.index(issue.last_release)
        else:
            assert (issue.first_release, issue.last_release) == (None, None)
    totals = ("first_seen", "last_seen", "times_seen", "users_seen", "comment_count", "first_release", "last_release")
    for total in totals:
        differs = Issue.objects.exclude(**{total: F(f"own_{total}")}).exclude(**{f"{total}__isnull": True})
        assert not differs.exists()
    assert not IssueHour.objects.exclude(total_count=F("own_count")).exists()


@pytest.mark.usefixtures("projects")
@pytest.mark.parametrize("path", [PUMP_STATION, PRIME_MOVER])
def test_makes_issues_that_hold_together(path: str) -> None:
    before = timezone.now()

    make(path, 500, "--status", "mixed")

    assert_holds_together(path, earliest=before, latest=timezone.now())
    issues = issues_of(path)
    assert [issue.short_number for issue in issues] == list(range(1, 501))
    assert len({issue.short_id for issue in issues}) == 500
    assert len({stored.hash for stored in IssueHash.objects.all()}) == 500


@pytest.mark.usefixtures("projects")
def test_mixes_statuses_with_all_that_goes_with_them() -> None:
    before = timezone.now()

    make(PUMP_STATION, 500, "--status", "mixed")

    now = timezone.now()
    versions: dict[int | None, str | None] = {None: None, **dict(Release.objects.values_list("pk", "version"))}
    found = {
        (
            issue.status,
            issue.resolution_kind,
            versions[issue.resolution_release_id],
            None if issue.snooze_ends_at is None else issue.snooze_ends_at > now,
            None if issue.snooze_ends_at_times_seen is None else issue.snooze_ends_at_times_seen > issue.times_seen,
        )
        for issue in issues_of(PUMP_STATION)
    }
    assert found == {
        ("unresolved", None, None, None, None),
        ("resolved", None, None, None, None),
        ("resolved", "in_release", "1.0.0", None, None),
        ("resolved", "in_release", "1.1.0", None, None),
        ("resolved", "in_next_release", "1.1.0", None, None),
        ("ignored", None, None, None, None),
        ("ignored", None, None, True, None),
        ("ignored", None, None, False, None),
        ("ignored", None, None, None, True),
    }
    assert not Issue.objects.filter(snooze_ends_at__gt=before + timedelta(days=31)).exists()


@pytest.mark.usefixtures("projects")
def test_mixes_no_releases_into_a_project_without_any() -> None:
    make(PRIME_MOVER, 200, "--status", "mixed")

    assert set(Issue.objects.values_list("status", flat=True)) == {"unresolved", "resolved", "ignored"}
    assert not Issue.objects.exclude(resolution_kind=None).exists()


@pytest.mark.usefixtures("projects")
@pytest.mark.parametrize("status", ["unresolved", "resolved", "ignored"])
def test_makes_them_all_what_is_wanted(status: str) -> None:
    make(PUMP_STATION, 50, "--status", status)

    assert list(Issue.objects.values_list("status", "resolution_kind", "snooze_ends_at").distinct()) == [
        (status, None, None)
    ]


@pytest.mark.usefixtures("projects")
def test_makes_them_unresolved_in_the_pump_station_unless_said_otherwise() -> None:
    printed = seed("--count", "20")

    assert printed.startswith(f"Made 20 issues in {PUMP_STATION} in ")
    assert [issue.status for issue in issues_of(PUMP_STATION)] == ["unresolved"] * 20


@pytest.mark.usefixtures("projects")
def test_makes_the_same_in_every_project() -> None:
    make(PUMP_STATION, 100, "--seed", "7")
    make(RELAY, 100, "--seed", "7", "--status", "mixed")

    assert content(PUMP_STATION) == content(RELAY)
    assert len({title for _, title, *_ in content(PUMP_STATION)}) > 90


@pytest.mark.usefixtures("projects")
def test_makes_the_same_in_one_go_or_in_parts() -> None:
    make(PRIME_MOVER, 30)
    make(PRIME_MOVER, 70)

    make(RELAY, 100)

    assert content(PRIME_MOVER) == content(RELAY)


def test_tells_only_times_from_now() -> None:
    now = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    later = now + timedelta(minutes=47)
    earlier_drafts = [made_up(0, number, "mixed", now, [1, 2]) for number in range(1, 301)]

    later_drafts = [made_up(0, number, "mixed", later, [1, 2]) for number in range(1, 301)]

    for earlier_draft, later_draft in zip(earlier_drafts, later_drafts, strict=True):
        assert later_draft.hours.total() == earlier_draft.hours.total()
        assert [moment - later for moment in later_draft.moments] == [moment - now for moment in earlier_draft.moments]
        assert later_draft == earlier_draft._replace(
            moments=later_draft.moments, hours=later_draft.hours, state=later_draft.state
        )
        assert later_draft.state == earlier_draft.state._replace(
            resolved_at=later_draft.state.resolved_at, snooze_ends_at=later_draft.state.snooze_ends_at
        )


@pytest.mark.usefixtures("projects")
def test_makes_others_each_time() -> None:
    make(RELAY, 20)
    before = content(RELAY)

    make(RELAY, 20)

    after = content(RELAY)
    assert after[:20] == before
    assert [number for number, *_ in after] == list(range(1, 41))
    assert len({row[-1][0] for row in after}) == 40


@pytest.mark.usefixtures("projects")
def test_makes_others_with_another_seed() -> None:
    make(PRIME_MOVER, 20, "--seed", "1")
    make(RELAY, 20, "--seed", "2")

    assert not {row[-1][0] for row in content(PRIME_MOVER)} & {row[-1][0] for row in content(RELAY)}
    assert [row[1] for row in content(PRIME_MOVER)] != [row[1] for row in content(RELAY)]


@pytest.mark.usefixtures("projects")
def test_draws_ids_that_the_next_issue_does_not_get() -> None:
    make(RELAY, 20)
    last = issues_of(RELAY)[-1]

    make(PRIME_MOVER, 1)

    assert issues_of(PRIME_MOVER)[0].pk == last.pk + 1


@pytest.mark.usefixtures("projects")
def test_makes_all_or_nothing() -> None:
    make(PRIME_MOVER, 15)
    make(RELAY, 10)
    of_the_twelfth = issues_of(PRIME_MOVER)[11].hashes.get().hash
    IssueHash.objects.filter(issue=issues_of(RELAY)[0]).update(hash=of_the_twelfth)
    before = list(everything())

    with pytest.raises(IntegrityError, match="issues_issuehash_once_per_project"):
        make(RELAY, 5)

    assert list(everything()) == before
