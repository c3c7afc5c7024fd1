"""Which issues are found: by status at an instant, in a scope, in the order in which they are locked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, product
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from issues.conditions import implied
from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import AllIssues
from issues.querysets import IssueQuerySet
from issues.search import parse
from projects.database.keyset import Position, Sort
from projects.models import Project
from tests.factories import NOW, IssueFactory, ProjectFactory

pytestmark = pytest.mark.django_db

UNRESOLVED, RESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.RESOLVED, IssueStatus.IGNORED
INSTANT = timedelta(microseconds=1)

Columns = dict[str, Any]

# Every issue of this file was seen 10 times, by 5 users.
LATER: Columns = {"snooze_ends_at": NOW + INSTANT}
NOW_AND_EARLIER: list[Columns] = [{"snooze_ends_at": NOW}, {"snooze_ends_at": NOW - INSTANT}]
MORE_EVENTS: Columns = {"snooze_ends_at_times_seen": 11}
ENOUGH_EVENTS: Columns = {"snooze_ends_at_times_seen": 10}
MORE_USERS: Columns = {"snooze_ends_at_users_seen": 6}
ENOUGH_USERS: Columns = {"snooze_ends_at_users_seen": 5}
EVENT_WINDOW: Columns = {"snooze_window_count": 1, "snooze_window_minutes": 1}
USER_WINDOW: Columns = {"snooze_window_user_count": 1, "snooze_window_user_minutes": 1}

THAT_HOLD: list[Columns] = [
    {},
    LATER,
    MORE_EVENTS,
    MORE_USERS,
    EVENT_WINDOW,
    USER_WINDOW,
    EVENT_WINDOW | USER_WINDOW,
    LATER | MORE_EVENTS | MORE_USERS,
    LATER | EVENT_WINDOW | USER_WINDOW,
    MORE_EVENTS | USER_WINDOW,
]
THAT_ARE_OVER: list[Columns] = [
    *NOW_AND_EARLIER,
    ENOUGH_EVENTS,
    {"snooze_ends_at_times_seen": 9},
    ENOUGH_USERS,
    {"snooze_ends_at_users_seen": 4},
    # one term that has run out is enough
    LATER | ENOUGH_EVENTS,
    LATER | ENOUGH_USERS,
    MORE_EVENTS | ENOUGH_USERS,
    MORE_USERS | ENOUGH_EVENTS,
    *(ended | MORE_EVENTS | MORE_USERS for ended in NOW_AND_EARLIER),
    *(ended | EVENT_WINDOW | USER_WINDOW for ended in NOW_AND_EARLIER),
    ENOUGH_EVENTS | USER_WINDOW,
    ENOUGH_USERS | EVENT_WINDOW,
    NOW_AND_EARLIER[0] | ENOUGH_EVENTS | ENOUGH_USERS,
]


def make(**columns: Any) -> Issue:
    return IssueFactory(own_times_seen=10, own_users_seen=5, **columns)


def ids(issues: IssueQuerySet) -> list[int]:
    return sorted(issues.values_list("id", flat=True))


# ---------------------------------------------------------------------------------------------------------------------
# with_status
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", IssueStatus)
@pytest.mark.parametrize(
    ("columns", "counts_as"),
    [
        ({}, UNRESOLVED),
        ({"resolved": True}, RESOLVED),
        ({"resolved_in_release": True}, RESOLVED),
        ({"resolved_in_next_release": True}, RESOLVED),
        *(({"ignored": True, **terms}, IGNORED) for terms in THAT_HOLD),
        *(({"ignored": True, **terms}, UNRESOLVED) for terms in THAT_ARE_OVER),
    ],
)
def test_an_issue_is_found_by_the_status_it_counts_as(
    columns: Columns, counts_as: IssueStatus, asked: IssueStatus
) -> None:
    issue = make(**columns)

    found = Issue.objects.with_status([asked], at=NOW)

    assert ids(found) == ([issue.pk] if asked == counts_as else [])


@pytest.mark.parametrize(
    ("at", "counts_as"), [(NOW - INSTANT, IGNORED), (NOW, UNRESOLVED), (NOW + INSTANT, UNRESOLVED)]
)
def test_a_snooze_is_over_from_the_very_instant_it_ends(at: datetime, counts_as: IssueStatus) -> None:
    issue = make(ignored=True, snooze_ends_at=NOW)

    found = Issue.objects.with_status([counts_as], at=at)

    assert ids(found) == [issue.pk]


def test_an_end_by_count_is_compared_with_the_totals_not_with_the_own_numbers() -> None:
    by_events = make(ignored=True, snooze_ends_at_times_seen=11, times_seen=11)
    by_users = make(ignored=True, snooze_ends_at_users_seen=6, users_seen=6)

    found = Issue.objects.with_status([UNRESOLVED], at=NOW)

    assert ids(found) == [by_events.pk, by_users.pk]


@pytest.fixture
def one_of_each(project: Project) -> list[Issue]:
    """Every status, and ignored under every combination of terms, in one project."""
    ends: list[Columns] = [{}, LATER, *NOW_AND_EARLIER]
    events: list[Columns] = [{}, EVENT_WINDOW, *({"snooze_ends_at_times_seen": count} for count in [9, 10, 11])]
    users: list[Columns] = [{}, USER_WINDOW, *({"snooze_ends_at_users_seen": count} for count in [4, 5, 6])]
    table: list[Columns] = [
        {},
        {"resolved": True},
        {"resolved_in_next_release": True},
        *({"ignored": True} | end | event | user for end, event, user in product(ends, events, users)),
    ]
    return Issue.objects.bulk_create(
        IssueFactory.build(project=project, own_times_seen=10, own_users_seen=5, text=None, **columns)
        for columns in table
    )


INSTANTS = [NOW + k * INSTANT for k in (-2, -1, 0, 1, 2)]
SUBSETS = list(chain.from_iterable(combinations(IssueStatus, size) for size in (1, 2, 3)))


@pytest.mark.parametrize("at", INSTANTS, ids=str)
def test_each_issue_counts_as_exactly_one_status(one_of_each: list[Issue], at: datetime) -> None:
    found = [ids(Issue.objects.with_status([status], at=at)) for status in IssueStatus]

    assert sorted(chain.from_iterable(found)) == sorted(issue.pk for issue in one_of_each)


@pytest.mark.parametrize("at", INSTANTS, ids=str)
@pytest.mark.parametrize("statuses", SUBSETS, ids=" or ".join)
def test_several_statuses_find_what_each_of_them_finds(
    one_of_each: list[Issue], statuses: tuple[IssueStatus, ...], at: datetime
) -> None:
    found = Issue.objects.with_status(statuses, at=at)

    assert ids(found) == sorted(chain(*(ids(Issue.objects.with_status([status], at=at)) for status in statuses)))


@pytest.mark.parametrize("at", INSTANTS, ids=str)
def test_the_status_shown_is_the_one_that_is_found(one_of_each: list[Issue], at: datetime) -> None:
    shown = Issue.objects.with_status_shown(at=at)

    for status in IssueStatus:
        assert ids(shown.filter(status_shown=status)) == ids(Issue.objects.with_status([status], at=at))


@pytest.mark.parametrize("at", INSTANTS, ids=str)
@pytest.mark.parametrize("statuses", [None, *SUBSETS], ids=lambda statuses: " or ".join(statuses or ["any"]))
def test_a_page_lists_what_counts_as_the_statuses_each_once(
    one_of_each: list[Issue], statuses: tuple[IssueStatus, ...] | None, at: datetime
) -> None:
    project_id = one_of_each[0].project_id
    asked = IssueStatus if statuses is None else statuses

    start = Position(Sort("last_seen"))
    page = Issue.objects.page([project_id], statuses, at=at, position=start, limit=len(one_of_each) + 1)

    # all were seen at the same time, so the highest id is first
    assert [issue_id for _, issue_id in page] == ids(Issue.objects.with_status(asked, at=at))[::-1]


@pytest.mark.parametrize("at", INSTANTS, ids=str)
@pytest.mark.parametrize("statuses", [None, *SUBSETS], ids=lambda statuses: " or ".join(statuses or ["any"]))
def test_a_first_page_is_a_page_and_a_count(
    one_of_each: list[Issue], statuses: tuple[IssueStatus, ...] | None, at: datetime
) -> None:
    one, start = [one_of_each[0].project_id], Position(Sort("last_seen"))
    keys = Issue.objects.page(one, statuses, at=at, position=start, limit=len(one_of_each))
    empty_too = [*one, ProjectFactory().pk]

    for project_ids, limit, most in product([one, empty_too], [1, len(one_of_each)], [3, len(one_of_each)]):
        page, count = Issue.objects.first_page(
            project_ids, statuses, at=at, start=start, limit=min(limit, most), count_to=most
        )

        assert page == keys[: min(limit, most)]
        assert count == Issue.objects.count_up_to(most, project_ids, statuses, at=at) == min(len(keys), most)


def test_a_first_page_of_nothing_counts_nothing(project: Project) -> None:
    page = Issue.objects.first_page([project.pk], None, at=NOW, start=Position(Sort("last_seen")), limit=2, count_to=3)

    assert page == ([], 0)


# ---------------------------------------------------------------------------------------------------------------------
# in_scope, with_ids, visible
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "names"),
    [
        (None, {"open", "done", "ignored", "snoozed", "woken"}),
        ({UNRESOLVED}, {"open", "woken"}),
        ({RESOLVED}, {"done"}),
        ({IGNORED}, {"ignored", "snoozed"}),
        ({UNRESOLVED, RESOLVED}, {"open", "woken", "done"}),
        (set(IssueStatus), {"open", "done", "ignored", "snoozed", "woken"}),
    ],
)
def test_a_scope_is_what_is_visible_in_the_project_with_the_statuses(
    project: Project, other_project: Project, statuses: set[IssueStatus] | None, names: set[str]
) -> None:
    states: dict[str, Columns] = {
        "open": {},
        "done": {"resolved": True},
        "ignored": {"ignored": True},
        "snoozed": {"snoozed": True},
        "woken": {"snoozed": True, "snooze_ends_at": NOW},
    }
    issues = {name: make(project=project, **state) for name, state in states.items()}
    for state in states.values():
        make(merged_into=issues["open"], **state)
        make(project=other_project, **state)
    scope = AllIssues(project.pk, statuses=None if statuses is None else frozenset(statuses))

    found = Issue.objects.in_scope(scope, at=NOW)

    assert ids(found) == sorted(issues[name].pk for name in names)


def test_named_issues_are_found_in_their_own_project_only_and_also_when_merged(
    project: Project, other_project: Project
) -> None:
    parent, unnamed = make(project=project), make(project=project)
    child = make(merged_into=parent)
    elsewhere = make(project=other_project)
    nobody = elsewhere.pk + 1

    found = Issue.objects.with_ids(project.pk, [nobody, child.pk, elsewhere.pk, parent.pk, child.pk])

    assert ids(found) == [parent.pk, child.pk]
    assert unnamed.pk not in ids(found)


@pytest.mark.parametrize("named", [[], [2**63 - 1]])
def test_no_issue_is_found_by_no_id_or_the_greatest_one(named: list[int]) -> None:
    issue = make()

    found = Issue.objects.with_ids(issue.project_id, named)

    assert ids(found) == []


def test_visible_is_what_was_not_merged() -> None:
    parent = make()
    child = make(merged_into=parent)
    make(merged_into=child)

    assert ids(Issue.objects.visible()) == [parent.pk]


# ---------------------------------------------------------------------------------------------------------------------
# locked
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("to_delete", "strength"), [(False, "FOR NO KEY UPDATE"), (True, "FOR UPDATE")])
@pytest.mark.parametrize(
    "narrowed",
    [
        lambda issues: issues,
        lambda issues: issues.order_by("-last_seen"),
        lambda issues: issues.filter(project__slug="pump-station").select_related("project"),
    ],
    ids=["all", "in another order", "with the project's row"],
)
def test_rows_of_issues_alone_are_locked_in_the_order_of_their_ids(
    narrowed: Callable[[IssueQuerySet], IssueQuerySet], to_delete: bool, strength: str
) -> None:
    issues = narrowed(Issue.objects.filter(project=1))
    with CaptureQueriesContext(connection) as queries:
        list(issues.locked(to_delete=to_delete))

    assert len(queries) == 1
    assert queries[0]["sql"].endswith(f' ORDER BY "issues_issue"."id" ASC {strength} OF "issues_issue"')


def test_locked_rows_come_in_the_order_of_their_ids() -> None:
    project = ProjectFactory()
    issues = [make(project=project, own_last_seen=NOW - timedelta(minutes=n)) for n in (3, 1, 2)]

    locked = Issue.objects.filter(project=project).order_by("last_seen").locked()

    assert [issue.pk for issue in locked] == sorted(issue.pk for issue in issues)


# ---------------------------------------------------------------------------------------------------------------------
# Searches. What each term finds: tests/api/test_list_search.py
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["", "!"])
@pytest.mark.parametrize("name", ["assigned:jane", "assigned:[me,x]", "release:1.0", "release:latest", "project:pumps"])
def test_a_name_that_nobody_looked_up_is_a_bug(name: str, sign: str) -> None:
    """To match nothing would be to match everything, negated."""
    terms = parse(f"{sign}{name}", user_id=1, of_organization=True)

    with pytest.raises(LookupError):
        Issue.objects.matching(terms, at=NOW)


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ("firstSeen:-24h", {"last_seen__gte": NOW - timedelta(hours=24)}),
        ("age:-24h", {"last_seen__gte": NOW - timedelta(hours=24)}),
        ("firstSeen:>2026-01-02", {"last_seen__gt": datetime(2026, 1, 2, tzinfo=UTC)}),
        ("!firstSeen:<2026-01-02", {"last_seen__gte": datetime(2026, 1, 2, tzinfo=UTC)}),
        ("!firstSeen:+24h", {"last_seen__gt": NOW - timedelta(hours=24)}),
        ("lastSeen:+24h", {"first_seen__lte": NOW - timedelta(hours=24)}),
        ("lastSeen:<2026-01-02", {"first_seen__lt": datetime(2026, 1, 2, tzinfo=UTC)}),
        ("!lastSeen:-24h", {"first_seen__lt": NOW - timedelta(hours=24)}),
        *((query, None) for query in ("firstSeen:+24h", "!firstSeen:-24h", "lastSeen:-24h", "!lastSeen:+24h", "x")),
    ],
)
def test_what_was_first_seen_since_then_was_last_seen_since_then(query: str, bound: dict[str, datetime] | None) -> None:
    (term,) = parse(query, user_id=1)

    assert implied(term, at=NOW) == (None if bound is None else Q(**bound))


@pytest.mark.parametrize("query", ["firstSeen:>=2026-01-02", "!firstSeen:<2026-01-02", "lastSeen:<=2026-01-02"])
def test_what_is_implied_leaves_nothing_out(query: str) -> None:
    """Of issues that were seen once, and so first and last at one instant: the nearest to the bound that there are."""
    instant = datetime(2026, 1, 2, tzinfo=UTC)
    seen = [instant - timedelta(microseconds=1), instant, instant + timedelta(microseconds=1)]
    issues = [make(own_first_seen=at, own_last_seen=at) for at in seen]

    found = Issue.objects.matching(parse(query, user_id=1), at=NOW)

    assert {issue.pk for issue in found} == {issue.pk for issue in (issues[:2] if "last" in query else issues[1:])}
