"""The JSON of a list is written by another encoder than all else, and reads as if it were by the same."""

from datetime import timedelta

import pytest
from rest_framework.renderers import JSONRenderer

from issues.named import Names
from issues.reading.items import DAY, HOUR, StatsPeriod, read_items, read_names, read_stats
from issues.serializers.issues import describe_issue, write_list
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW, IssueFactory, IssueHourFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

A_DAY = StatsPeriod("24h", HOUR, 24)
PERIODS = [A_DAY, StatsPeriod("1h", HOUR, 1), StatsPeriod("14d", DAY, 14), None]
AWKWARD = ['\\u0000"\\u0000"', '"24h": "\\u0000"', "\u2028\u2029", '\x01\x7f\t"\\/', "Ünïcode \U0001f600", "</script>"]


def permalink(pk: int) -> str:
    return f"http://testserver/{pk}/"


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: period.word if period else "none")
def test_is_what_the_renderer_would_write(project: Project, jane: User, period: StatsPeriod | None) -> None:
    issues = [IssueFactory(project=project, text__title=text, text__metadata={text: [1.5, None]}) for text in AWKWARD]
    for hours, issue in enumerate(issues[1:], start=1):
        for ago in (hours, 30 * hours, -1):  # an hour to come, too, which no point holds
            IssueHourFactory(issue=issue, hour=NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=ago))
    items = read_items([project], [issue.pk for issue in issues], by=Caller(user=jane), at=NOW)
    names, stats = read_names(items), None if period is None else read_stats(items, period, at=NOW)

    written = write_list(items, names, stats, permalink=permalink)

    described = [
        describe_issue(
            item, names, {} if stats is None else {stats.period.word: stats.points(item.id)}, permalink=permalink
        )
        for item in items
    ]
    assert len(described) == len(AWKWARD)
    assert written == JSONRenderer().render(described)


def test_writes_a_list_of_nothing() -> None:
    stats = read_stats([], A_DAY, at=NOW)

    assert write_list([], read_names([]), stats, permalink=permalink) == b"[]"


def test_leaves_out_what_was_deleted_after_the_items_were_read(project: Project, jane: User) -> None:
    release = ReleaseFactory(projects=[project])
    issue = IssueFactory(
        project=project, resolved_in_release=True, resolution_release=release, assignee_user=jane, status_by=jane
    )
    items = read_items([project], [issue.pk], by=Caller(), at=NOW)

    described = describe_issue(items[0], Names(people={}, teams={}, releases={}), {}, permalink=permalink)

    assert (described["assignedTo"], described["statusDetails"]) == (None, {})


def test_finds_issues_of_these_projects_only_merged_ones_too(project: Project, other_project: Project) -> None:
    here, there = IssueFactory(merged_into=IssueFactory(project=project)), IssueFactory(project=other_project)

    items = read_items([project], [here.pk, there.pk], by=Caller(), at=NOW)

    assert [item.id for item in items] == [here.pk]
