"""Every index has its reader, and every reader finds its index: what EXPLAIN says of them in tables that are large.

The tables here have the shape of large ones: many issues in one project, fewer in others, marks of many people; and
PostgreSQL has counted them. A reader whose plan reads a table of issues from end to end fails.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Index, Max, Min, UniqueConstraint
from pytest_django import DjangoDbBlocker

from issues.enums import IssueStatus, MutationKind
from issues.models import Activity, Environment, Issue, IssueHash, Mutation
from issues.mutation import AllIssues, Ignore, IssueMutation, NamedIssues
from issues.reading import history
from issues.reading.activities import NEWEST_FIRST, activities_from
from issues.reading.history import changes_of, read_undone_by
from issues.reading.items import Item, read_items, read_stats
from issues.reading.mutation_walks import MutationQuery
from issues.reading.mutations import read_listed
from issues.reading.whole import A_DAY
from issues.search import parse
from issues.services import bulk, pruning, undo
from issues.services.ground import finding, names, targets, trees
from issues.services.ground.narrowing import narrowing_of
from issues.services.ground.restoring import restore
from issues.services.verbs import seen, status, subscriptions, totals
from issues.services.verbs.merging import NO_LINKS
from issues.services.verbs.status import resolutions
from issues.walks import URGENCY
from projects.callers import Caller
from projects.database.keyset import Position, Sort
from projects.models import Project, User
from projects.pages import PageQuery
from tests.acts import act
from tests.factories import NOW, ReleaseFactory, UserFactory
from tests.issues.filled import AGE, DATE, Cast, filled
from tests.plans import explained

UNRESOLVED = {IssueStatus.UNRESOLVED}


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """Fill the tables once for all tests here: committed, so that they can be vacuumed."""
    with django_db_blocker.unblock(), filled() as cast:
        yield cast


def page(cast: Cast, statuses: set[IssueStatus] | None, sort: Sort, query: str = "", *, of: str = "project") -> Any:
    terms = parse(query, user_id=cast.user.pk)
    project_ids = [getattr(cast, name).pk for name in of.split()]
    return Issue.objects.matching(terms, at=NOW).page(project_ids, statuses, at=NOW, position=Position(sort), limit=101)


def few(cast: Cast, query: str) -> Any:
    terms = [cast.seen_in(query)] if "environment" in query else parse(query, user_id=cast.user.pk)
    terms = [cast.seen_in_the_release] if query == "release" else terms
    narrowing = narrowing_of(terms, [cast.project.pk])
    found, project_ids = narrowing.narrow(Issue.objects.matching(terms, at=NOW)), narrowing.project_ids
    return found.page(project_ids, UNRESOLVED, at=NOW, position=Position(DATE), limit=101)


def deep(cast: Cast, sort: Sort) -> Any:
    position = Position(sort, (NOW - timedelta(days=80), 5))
    return Issue.objects.all().page([cast.project.pk], None, at=NOW, position=position, limit=101)


def first_hundred(cast: Cast) -> list[Item]:
    ids = Issue.objects.filter(project=cast.project).order_by("pk").values_list("pk", flat=True)[:100]
    return read_items([cast.project], ids, by=Caller(user=cast.user), at=NOW)


def in_the_middle() -> tuple[int, int]:
    """Return the place of the activity in the middle of all."""
    ids = Activity.objects.aggregate(first=Min("pk"), last=Max("pk"))
    middle = (ids["first"] + ids["last"]) // 2
    return middle, middle


def one_mutation(cast: Cast) -> Mutation:
    """Return a mutation that changed issues of the project."""
    issue_id = first_hundred(cast)[50].id
    changed = Activity.objects.filter(project=cast.project, issue=issue_id).exclude(mutation_id=None)
    return Mutation.objects.get(project=cast.project, pk=changed.values("mutation_id")[:1])


def no_targets(cast: Cast) -> targets.NamedTargets:
    """Return nothing of the project, for what is told by other means which issues it is about."""
    return targets.NamedTargets(NamedIssues(cast.project.pk, ids=frozenset()), mutation_id=0, ids=[])


def put_back(cast: Cast) -> None:
    """Undo a mutation, in the test's own transaction."""
    restore(no_targets(cast), status.PART, one_mutation(cast).pk, act(Caller(user=cast.user)))


def mutations(cast: Cast, **asked: Any) -> None:
    """Read a page of the desk's history, of all that there are."""
    query = MutationQuery([cast.project.pk, cast.other.pk, cast.empty.pk], **asked)
    start = PageQuery(Position(history.NEWEST_FIRST), 50)
    read_listed(query, start, by=Caller(user=cast.user))


LONG_AGO = NOW - timedelta(days=1_000)

# reader -> the indexes that its plan names
READERS: dict[str, tuple[Callable[[Cast], Any], set[str]]] = {
    "the default list": (
        lambda cast: page(cast, UNRESOLVED, DATE),
        {"issues_issue_listed_by_status", "issues_issue_snoozed_by_time", "issues_issue_snoozed_count"},
    ),
    "the default list of a project without snoozes": (
        lambda cast: page(cast, UNRESOLVED, DATE, of="empty"),
        {"issues_issue_listed_by_status", "issues_issue_snoozed_by_time", "issues_issue_snoozed_count"},
    ),
    "the default list of several projects": (
        lambda cast: page(cast, UNRESOLVED, DATE, of="project other empty"),
        {"issues_issue_listed_by_status", "issues_issue_snoozed_by_time", "issues_issue_snoozed_count"},
    ),
    "the default list by age": (
        lambda cast: page(cast, UNRESOLVED, AGE),
        {"issues_issue_listed_by_age", "issues_issue_snoozed_by_time", "issues_issue_snoozed_count"},
    ),
    "the list by events": (lambda cast: page(cast, UNRESOLVED, Sort("times_seen")), {"issues_issue_hot_by_events"}),
    "the list by users": (lambda cast: page(cast, UNRESOLVED, Sort("users_seen")), {"issues_issue_hot_by_users"}),
    "the list by priority": (
        lambda cast: page(cast, UNRESOLVED, Sort(URGENCY)),
        {"issues_issue_not_medium", "issues_issue_listed_by_status", "issues_issue_snoozed_by_time"},
    ),
    "the list of what is urgent": (
        lambda cast: page(cast, UNRESOLVED, DATE, "priority:high"),
        {"issues_issue_not_medium"},
    ),
    **{
        f"what a list is narrowed to by {query}": (partial(few, query=query), set(indexes.split()))
        for query, indexes in {
            "assigned:me": "issues_issue_assigned_to issues_issue_pkey",
            "assigned:[me,my_teams]": "issues_issue_assigned_to issues_issue_pkey",
            "environment 3000": "issues_issueenvironment_where issues_issue_pkey",  # were few; in the other all
            "environment 1": "issues_issueenvironment_where",
            "release": "issues_issuerelease_where issues_issue_pkey",
            "c4ca4238a0b9": "issues_issuetext_words issues_issue_pkey",
        }.items()
    },
    "a list of a rare level": (lambda cast: page(cast, UNRESOLVED, DATE, "level:fatal"), {"issues_issue_rare_level"}),
    "a list of regressed": (lambda cast: page(cast, UNRESOLVED, DATE, "is:regressed"), {"issues_issue_reopened"}),
    "the list of all": (lambda cast: page(cast, None, DATE), {"issues_issue_listed_by_status"}),
    "the list of the resolved": (
        lambda cast: page(cast, {IssueStatus.RESOLVED}, DATE),
        {"issues_issue_listed_by_status"},
    ),
    "the list of the ignored": (
        lambda cast: page(cast, {IssueStatus.IGNORED}, DATE),
        {"issues_issue_listed_by_status"},
    ),
    "a page deep in the list of all": (lambda cast: deep(cast, DATE), {"issues_issue_listed_by_status"}),
    "a page deep in the list by age": (lambda cast: deep(cast, AGE), {"issues_issue_listed_by_age"}),
    "a rare word": (lambda cast: page(cast, None, DATE, "c4ca4238a0b9"), {"issues_issuetext_words"}),
    "a word in quotes, and a pattern": (
        lambda cast: page(cast, None, DATE, '"c4ca4238a0b9" c4ca*38a0b9'),
        {"issues_issuetext_words"},
    ),
    "platforms and loggers": (
        lambda cast: names.refuse_unknown(parse("!platform:py* !logger:root", user_id=1), [cast.project.pk], at=NOW),
        {"issues_issuetext_platform", "issues_issuetext_logger"},
    ),
    "an issue that a search names": (
        lambda cast: names.refuse_unknown(parse(f"!id:{cast.issue.pk}", user_id=1), [cast.project.pk], at=NOW),
        {"issues_issue_pkey"},
    ),
    "an issue by short id": (
        lambda cast: finding.find([cast.project.pk], f"{cast.project.slug}-16"),
        {"issues_issue_short_number_once_per_project"},
    ),
    "an issue by its share link": (
        lambda cast: Issue.objects.filter(share_id=UUID(int=7)).visible().first(),
        {"issues_issue_share_id_is_unique"},
    ),
    "what was merged into an issue": (
        lambda cast: trees.descendants(cast.project.pk, [cast.issue.pk]),
        {"issues_issue_children"},
    ),
    "whether a release resolves an issue": (
        lambda cast: Issue.objects.filter(project=cast.project, resolution_release=cast.release).exists(),
        {"issues_issue_resolved_by"},
    ),
    "what waits for the next release": (
        lambda cast: resolutions.settle([cast.project.pk], at=NOW),
        {"issues_issue_awaiting_release", "issues_activity_of_issue"},
    ),
    "the marks and hours of a page": (
        lambda cast: read_stats(first_hundred(cast), A_DAY, at=NOW),
        {
            "issues_issuehour_once_per_issue",
            "issues_issueseen_once_per_user",
            "issues_issuebookmark_once_per_user",
            "issues_issuesubscription_once_per_user",
        },
    ),
    "an issue's history": (
        lambda cast: list(activities_from(cast.issue, Position(NEWEST_FIRST, in_the_middle()), 101)),
        {"issues_activity_of_issue"},
    ),
    "an issue's notes": (
        lambda cast: list(activities_from(cast.issue, Position(NEWEST_FIRST), 101, notes_only=True)),
        {"issues_activity_notes"},
    ),
    "the issues that a mutation changed": (
        lambda cast: undo.issues_of(one_mutation(cast), NO_LINKS),
        {"issues_activity_of_mutation"},
    ),
    "the totals of a tree, and what activities keep of them": (
        lambda cast: totals.compute_totals(no_targets(cast), [cast.issue.pk]),
        {"issues_activity_of_issue"},
    ),
    "an undo": (lambda cast: put_back(cast), {"issues_activity_of_mutation"}),
    "a page of what a mutation changed": (
        lambda cast: changes_of(
            one_mutation(cast), [item.id for item in first_hundred(cast)], NO_LINKS, with_marks=True
        ),
        {"issues_activity_of_mutation", "issues_activity_of_issue"},
    ),
    "by what a page of mutations was undone": (
        lambda cast: read_undone_by(list(Mutation.objects.order_by("pk")[:100])),
        {"issues_mutation_undone_by"},
    ),
    "which issues have activities that are old": (
        lambda cast: next(pruning.prune_activities(LONG_AGO, act())),
        {"issues_issue_short_number_once_per_project", "issues_activity_of_issue"},
    ),
    "which issues have hours that are old": (
        lambda cast: next(pruning.prune_hours(LONG_AGO, act())),
        {"issues_issue_short_number_once_per_project", "issues_issuehour_once_per_issue"},
    ),
    "which issues have minutes that are old": (
        lambda cast: next(pruning.prune_minutes(LONG_AGO, act())),
        {"issues_issue_short_number_once_per_project", "issues_issueminute_pkey"},
    ),
    "an issue by its fingerprint": (
        lambda cast: IssueHash.objects.filter(project=cast.project, hash="x").first(),
        {"issues_issuehash_once_per_project"},
    ),
    "an environment by its name": (
        lambda cast: Environment.objects.filter(project=cast.project, name="environment 7").first(),
        {"issues_environment_once_per_project"},
    ),
    "the history of several projects": (lambda cast: mutations(cast), {"issues_mutation_of_project"}),
    "the history of a day": (
        lambda cast: mutations(cast, since=NOW - timedelta(days=2), until=NOW - timedelta(days=1)),
        {"issues_mutation_pkey"},
    ),
    "the history by who asked": (lambda cast: mutations(cast, user_id=cast.user.pk), {"issues_mutation_by_user"}),
    "the history of an API key": (lambda cast: mutations(cast, api_key_id=1), {"issues_mutation_by_api_key"}),
    "the history of a status": (
        lambda cast: mutations(cast, statuses=["resolved", "unheard"]),
        {"issues_mutation_by_status"},
    ),
    "the history of deletions": (lambda cast: mutations(cast, kind=MutationKind.DELETE), {"issues_mutation_by_kind"}),
    **{
        f"the history of the key {key}": (partial(mutations, key=key), {f"issues_mutation_of_{index}"})
        for key, index in {
            **{"assignedTo": "assignees", "priority": "priority", "merge": "merges", "isPublic": "shares"}
        }.items()
    },
    "the mutations of a project that has few": (
        lambda cast: list(Mutation.objects.filter(project=cast.empty).order_by("-pk")[:100]),
        {"issues_mutation_of_project"},
    ),
}


# Readers that ask for one project, as a value: of divided tables they read one part of each.
OF_ONE_PROJECT = ("the default list by", "the list", "a page deep", "a rare word", "a word in quotes")


@pytest.mark.django_db
@pytest.mark.parametrize("reader", READERS)
def test_is_found_by_an_index(cast: Cast, reader: str) -> None:
    read, indexes = READERS[reader]

    with explained() as plans:
        read(cast)

    if " on issues_" in plans.text:  # else all that is read has no rows
        assert {index for index in indexes if index not in plans.text} == set(), plans.text
    assert "Seq Scan on issues_" not in plans.text, plans.text
    if reader.startswith(OF_ONE_PROJECT):
        assert plans.in_several_parts == {}


@pytest.mark.django_db
def test_of_the_list_of_all_walks_each_status_by_itself(cast: Cast) -> None:
    """In one walk they would not come in the order of the list, and a project would be read to its end and sorted."""
    with explained() as plans:
        page(cast, None, DATE)

    assert plans.text.count("using issues_issue_listed_by_status") == len(IssueStatus), plans.text


def ending_in_one(project: Project) -> list[int]:
    """Return the issues of the project whose number ends so, ascending; none of them is merged."""
    return list(
        Issue.objects.filter(project=project, short_number__endswith="1").order_by("pk").values_list("pk", flat=True)
    )


@pytest.mark.django_db
def test_of_named_issues_has_one_plan_however_many_are_named(cast: Cast) -> None:
    ids = ending_in_one(cast.project)

    with explained() as of_two:
        assert len(Issue.objects.with_ids(cast.project.pk, ids[:2])) == 2
    with explained() as of_all:
        assert len(Issue.objects.with_ids(cast.project.pk, ids)) == len(ids)

    assert of_two.text == of_all.text
    assert "Index Scan using issues_issue_pkey" in of_all.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "mark",
    [
        lambda chosen, user: seen.mark_seen(chosen, user_id=user.pk, at=NOW),
        lambda chosen, user: subscriptions.ask_for(chosen, True, user_id=user.pk, at=NOW),
    ],
    ids=["seen", "following"],
)
def test_of_marks_goes_by_no_count_of_those_that_the_user_had(
    cast: Cast, mark: Callable[[targets.NamedTargets, User], list[int]]
) -> None:
    """Who had none is expected to have none: a join of thousands with thousands was planned for as one with nothing."""
    ids = ending_in_one(cast.project)
    scope = NamedIssues(cast.project.pk, ids=frozenset(ids))

    with explained() as plans:
        changed = mark(targets.NamedTargets(scope, mutation_id=1, ids=ids), UserFactory())

    assert sorted(changed) == ids
    assert "Join" not in plans.text, plans.text
    assert "Nested Loop" not in plans.text, plans.text


@pytest.mark.django_db
def test_of_a_small_tree_reads_few_rows_when_a_large_one_was_counted(cast: Cast) -> None:
    parent, *children = ending_in_one(cast.project)
    two = list(Issue.objects.filter(project=cast.project, short_number__in=[2, 3]).values_list("pk", flat=True))
    Issue.objects.update(merged_into=None)
    Issue.objects.filter(pk__in=children).update(merged_into=parent)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE issues_issue")
    before = rows_read()

    scope = NamedIssues(cast.project.pk, ids=frozenset(two))
    outcome = bulk.mutate(scope, IssueMutation(merge=True), act(Caller(user=cast.user)))

    assert outcome.changed == 2
    assert rows_read() - before < 100


@pytest.mark.django_db
def test_of_an_undo_of_all_reads_the_issues_of_its_project_alone(cast: Cast) -> None:
    ReleaseFactory.create_batch(20, projects=[cast.other])  # none of which resolves any
    by = act(Caller(user=cast.user))
    done = bulk.mutate(AllIssues(cast.other.pk), IssueMutation(status=Ignore()), by)
    before = rows_read()

    undone = undo.undo(cast.other.pk, done.mutation_id or 0, by)

    assert undone.matched == done.changed > 1_000
    assert rows_read() - before < 6 * done.changed


def rows_read() -> int:
    """Return how many rows of the domain's tables this transaction has read so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE relname ~ '^issues_|release$'"
        )
        return int(cursor.fetchone()[0])


def test_no_index_is_without_a_reader() -> None:
    declared = {
        index.name
        for model in apps.get_app_config("issues").get_models()
        for index in [*model._meta.indexes, *model._meta.constraints]
        if isinstance(index, Index | UniqueConstraint)
    }

    keys = {"issues_issue_pkey", "issues_mutation_pkey", "issues_issueminute_pkey"}  # of tables, which nobody declares
    assert set().union(*(indexes for _, indexes in READERS.values())) - keys == declared
