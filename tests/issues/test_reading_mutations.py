"""The mutations of several projects, chosen by who asked, by what and when; and what they are told to be."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.enums import MutationKind
from issues.models import Issue, Mutation
from issues.mutation import IssueMutation, Resolve
from issues.reading.history import NEWEST_FIRST
from issues.reading.mutation_walks import MutationQuery
from issues.reading.mutations import (
    LETTERS_OF_A_QUERY,
    ListedMutation,
    Tree,
    find_listed,
    read_chain,
    read_listed,
)
from issues.services import bulk
from projects.acting import Act
from projects.callers import Caller
from projects.database.keyset import Position
from projects.models import ApiKey, Project, User
from projects.pages import ForeignCursor, Page, PageQuery
from tests.factories import NOW, ApiKeyFactory, IssueFactory, MutationFactory
from tests.issues.services.calls import ask, scope_of, undo

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def page_of(
    projects: list[Project], by: User, *, limit: int = 50, position: Position | None = None, **asked: Any
) -> Page[ListedMutation]:
    query = MutationQuery([project.pk for project in projects], **asked)
    return read_listed(query, PageQuery(position or Position(NEWEST_FIRST), limit), by=Caller(user=by))


def ids_of(projects: list[Project], by: User, **asked: Any) -> list[int]:
    return [row.id for row in page_of(projects, by, **asked).rows]


def test_are_those_of_the_projects_newest_first(
    jane: User, project: Project, other_project: Project, stranger_project: Project
) -> None:
    made = [MutationFactory(project=each).pk for each in (project, other_project, stranger_project, project)]

    assert ids_of([project, other_project], jane) == [made[3], made[1], made[0]]
    assert ids_of([project], jane) == [made[3], made[0]]
    assert ids_of([], jane) == []


def test_come_page_by_page_and_back(jane: User, project: Project, other_project: Project) -> None:
    made = [MutationFactory(project=each).pk for each in (project, other_project, project, other_project, project)]
    projects = [project, other_project]

    first = page_of(projects, jane, limit=2)
    second = page_of(projects, jane, limit=2, position=Position(NEWEST_FIRST, first.keys[-1]))
    third = page_of(projects, jane, limit=2, position=Position(NEWEST_FIRST, second.keys[-1]))
    back = page_of(projects, jane, limit=2, position=Position(NEWEST_FIRST, third.keys[0], backwards=True))

    assert [[row.id for row in page.rows] for page in (first, second, third, back)] == [
        made[:2:-1],
        made[2:0:-1],
        made[:1],
        made[2:0:-1],
    ]
    assert [(page.has_previous, page.has_next) for page in (first, third, back)] == [
        (False, True),
        (True, False),
        (True, True),
    ]
    with pytest.raises(ForeignCursor):
        page_of(projects, jane, position=Position(NEWEST_FIRST, (1, 2)))


def test_are_chosen_by_who_asked(jane: User, sam: User, project: Project) -> None:
    key = ApiKeyFactory(organization=project.organization)
    of_jane, of_sam, of_key = (MutationFactory(project=project, **who).pk for who in whose(jane, sam, key))
    MutationFactory(project=project)

    assert ids_of([project], jane, user_id=jane.pk) == [of_jane]
    assert ids_of([project], jane, user_id=sam.pk) == [of_sam]
    assert ids_of([project], jane, api_key_id=key.pk) == [of_key]
    assert ids_of([project], jane, user_id=jane.pk, api_key_id=key.pk) == []


def whose(jane: User, sam: User, key: ApiKey) -> list[dict[str, Any]]:
    return [{"user": jane}, {"user": sam}, {"api_key": key}]


WHAT: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    (
        {"statuses": ["resolved", "resolvedInNextRelease"]},
        [{"status": "resolved"}, {"status": "resolvedInNextRelease", "priority": "low"}],
    ),
    ({"statuses": ["ignored", "muted"]}, [{"status": "ignored", "ignoreCount": 3}, {"status": "muted"}]),
    ({"statuses": ["unresolved"]}, [{"status": "unresolved"}]),
    ({"key": "assignedTo"}, [{"assignedTo": None}, {"status": "resolved", "assignedTo": "me"}]),
    ({"key": "merge"}, [{"merge": True}, {"merge": False}]),
    ({"key": "isPublic"}, [{"isPublic": False}]),
    ({"key": "status", "statuses": ["ignored"]}, [{"status": "ignored"}]),
]


@pytest.mark.parametrize(("what", "bodies"), WHAT)
def test_are_chosen_by_what_was_asked(
    jane: User, project: Project, what: dict[str, Any], bodies: list[dict[str, Any]]
) -> None:
    made = [MutationFactory(project=project, body=body).pk for body in bodies]
    for others, (body, *_) in WHAT:
        if others != what and body.get("status") != bodies[0].get("status", "none"):
            MutationFactory(project=project, body=body)
    MutationFactory(project=project, kind=MutationKind.DELETE)

    assert ids_of([project], jane, **what) == made[::-1]


def test_are_chosen_by_their_kind(jane: User, project: Project) -> None:
    first = MutationFactory(project=project, body={"status": "resolved"})
    deletion = MutationFactory(project=project, kind=MutationKind.DELETE)
    undone = MutationFactory(project=project, kind=MutationKind.UNDO, undoes=first.pk, scope_of=first.pk)

    assert ids_of([project], jane, kind=MutationKind.DELETE) == [deletion.pk]
    assert ids_of([project], jane, kind=MutationKind.UNDO) == [undone.pk]
    assert ids_of([project], jane, kind=MutationKind.UPDATE) == [first.pk]


def test_are_chosen_by_their_day(jane: User, project: Project) -> None:
    day = datetime(2026, 2, 3, tzinfo=NOW.tzinfo)
    times = [day - DAY, day - timedelta(seconds=1), day, day + DAY / 2, day + DAY - timedelta(seconds=1), day + DAY]
    made = [MutationFactory(project=project, created_at=at).pk for at in times]
    late = MutationFactory(project=project, created_at=day).pk  # its request waited for locks, others went past it

    assert ids_of([project], jane, since=day, until=day + DAY) == [late, *made[4:1:-1]]
    assert ids_of([project], jane, since=day + 3 * DAY, until=day + 4 * DAY) == []
    assert ids_of([project], jane, since=day - 3 * DAY, until=day - 2 * DAY) == []


def test_are_chosen_by_their_day_where_there_are_none(jane: User, project: Project) -> None:
    assert ids_of([project], jane, since=NOW, until=NOW + DAY) == []


@pytest.mark.parametrize("step", [timedelta(minutes=7), timedelta(hours=5), timedelta(days=2)])
def test_finds_each_day_of_many(jane: User, project: Project, step: timedelta) -> None:
    made = {
        MutationFactory(project=project, created_at=NOW + number * step).pk: NOW + number * step for number in range(60)
    }

    for begin in (NOW + number * DAY for number in range(-1, 4)):
        expected = sorted((pk for pk, at in made.items() if begin <= at < begin + DAY), reverse=True)
        assert ids_of([project], jane, limit=100, since=begin, until=begin + DAY) == expected


def test_tells_an_undo_of_an_undo(jane: User, project: Project) -> None:
    by = Caller(user=jane)
    issue = IssueFactory(project=project)
    first = ask(project, [issue], by=by, status=Resolve())
    second = undo(project, first, by=by)
    third = undo(project, second, by=by)

    rows = page_of([project], jane).rows

    assert [(row.id, row.undoes, row.undone_by) for row in rows] == [
        (third.mutation_id, second.mutation_id, None),
        (second.mutation_id, first.mutation_id, third.mutation_id),
        (first.mutation_id, None, second.mutation_id),
    ]
    assert [(row.undone and row.undone.id, row.began and row.began.id) for row in rows] == [
        (second.mutation_id, first.mutation_id),
        (first.mutation_id, first.mutation_id),
        (None, None),
    ]
    assert [row.issue for row in rows] == [issue.short_id] * 3
    for row in rows:
        chain = read_chain(row, by=by)
        assert [each.id for each in chain] == [done.mutation_id for done in (first, second, third)]


def test_tells_an_undo_whose_beginning_is_pruned(jane: User, project: Project) -> None:
    gone = 1
    row = MutationFactory(project=project, kind=MutationKind.UNDO, undoes=gone, scope_of=gone, ids=[], changed=4)

    (told,) = page_of([project], jane).rows

    assert (told.undoes, told.undone, told.began, told.is_about_all) == (gone, None, None, False)
    assert [each.id for each in read_chain(told, by=Caller(user=jane))] == [row.pk]


def test_has_no_chain_where_nothing_was_undone(jane: User, project: Project) -> None:
    MutationFactory(project=project)

    (told,) = page_of([project], jane).rows

    assert read_chain(told, by=Caller(user=jane)) == []


def test_tells_the_scope_and_the_beginning_of_a_long_search(jane: User, project: Project) -> None:
    MutationFactory(project=project, ids=None, statuses=["ignored"], query="x" * 5_000)
    MutationFactory(project=project, ids=list(range(1, 5_000)))

    named, everything = page_of([project], jane).rows

    assert (everything.is_about_all, everything.statuses, len(everything.query or "")) == (
        True,
        ["ignored"],
        LETTERS_OF_A_QUERY,
    )
    assert (named.is_about_all, named.statuses, named.query, named.issue) == (False, None, None, "")


def test_tells_nobodys_marks_to_others(jane: User, sam: User, project: Project) -> None:
    body = {"status": "resolved", "hasSeen": True}
    mutation = IssueMutation(status=Resolve(), has_seen=True, body=body)
    scope = scope_of(project, [IssueFactory(project=project)])
    bulk.mutate(scope, mutation, Act(by=Caller(user=jane), at=NOW, lock_timeout=5))

    told = {who: page_of([project], who).rows[0] for who in (jane, sam)}

    assert (told[jane].body, told[jane].has_others_marks) == (body, False)
    assert (told[sam].body, told[sam].has_others_marks) == ({"status": "resolved"}, True)


def test_tells_what_became_of_trees(jane: User, project: Project) -> None:
    by = Caller(user=jane)
    issues = [IssueFactory(project=project) for _ in range(3)]
    merged = bulk.mutate(
        scope_of(project, issues),
        IssueMutation(merge=True, body={"merge": True}),
        Act(by=by, at=NOW, lock_timeout=5),
    )
    assert merged.merged is not None
    parent = Issue.objects.get(pk=merged.merged.parent)
    bulk.mutate(
        scope_of(project, [parent]),
        IssueMutation(merge=False, body={"merge": False}),
        Act(by=by, at=NOW, lock_timeout=5),
    )

    assert [list(row.trees) for row in page_of([project], jane).rows] == [[Tree(parent.short_id, 2)]] * 2


def test_finds_one_of_the_projects_alone(jane: User, project: Project, stranger_project: Project) -> None:
    ours, theirs = MutationFactory(project=project), MutationFactory(project=stranger_project)
    by = Caller(user=jane)

    found = find_listed([project.pk], ours.pk, by=by)

    assert found is not None
    assert found.id == ours.pk
    assert find_listed([project.pk], theirs.pk, by=by) is None
    assert find_listed([], ours.pk, by=by) is None


def test_costs_as_much_for_many_as_for_one(jane: User, project: Project) -> None:
    def make() -> None:
        issue = IssueFactory(project=project)
        first = MutationFactory(project=project, user=jane, ids=[issue.pk], body={"merge": True})
        MutationFactory(project=project, kind=MutationKind.UNDO, ids=[], undoes=first.pk, scope_of=first.pk)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of([project], jane)
        return len(queries)

    make()
    one = cost()
    for _ in range(9):
        make()

    assert cost() == one == 5  # rows, by what they were undone, what they undid, trees, short ids
    assert Mutation.objects.count() == 20
