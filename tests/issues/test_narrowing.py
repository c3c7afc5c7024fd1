"""A search that an index narrows to a few issues finds what it finds without: the same, in the same order."""

from dataclasses import replace
from datetime import timedelta
from itertools import cycle, product
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from issues.enums import IssueStatus
from issues.models import Environment, Issue, IssueEnvironment
from issues.mutation import AllIssues, Ignore, IssueMutation
from issues.reading import selected
from issues.search import Term, parse
from issues.services import bulk
from issues.services.ground import names
from issues.services.ground import narrowing as module
from issues.services.ground.narrowing import narrowing_of
from issues.services.ground.targets import AllTargets
from issues.walks import URGENCY
from projects.callers import Caller
from projects.database.keyset import Position, Sort
from projects.models import Project, Team, User
from tests.acts import act
from tests.factories import NOW, IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

UNRESOLVED = frozenset({IssueStatus.UNRESOLVED})
SORTS = ["last_seen", "times_seen", URGENCY]
QUERIES = [
    "environment:live",
    "environment:[live,early]",
    "environment:live environment:early",
    "environment:nowhere",
    "environment:nothing",
    "!environment:live",
    "environment:live !valve",
    "valve",
    '"valve 7"',
    '"valve" "stuck"',
    "title:[valve,gauge]",
    "!valve",
    "level:fatal valve",
    "assigned:me",
    "assigned:[me,my_teams]",
    "assigned:my_teams environment:live",
    "assigned:[me,none]",
    "!assigned:me",
    "is:regressed",
    "release:1.0",
    "firstRelease:1.0",
    "release:[1.0,3.0]",
    "release:*.0 environment:live",
    "release:latest assigned:me",
    "release:nothing",
    "platform:Java",
    "platform:[java,go] valve",
    "logger:pumps.*",
    "logger:*.CONTROL",
    "!platform:java",
    "!logger:pumps.*",
    "!logger:[pumps.control,*tele*]",
    "!platform:[java,go]",
    'platform:"nothing"',
    "logger:a_b",
    "!release:2.0",
    "zebra",
]

THERE = [query for query in QUERIES if "nothing" not in query]  # what a change may name


@pytest.fixture
def issues(project: Project, other_project: Project, jane: User, team: Team) -> list[Issue]:
    """Issues that were seen here and there, by themselves or by what was merged into them; some of Jane's."""
    places = {
        (each.pk, name): Environment.objects.create(project=each, name=name)
        for each in (project, other_project)
        for name in ("live", "early", "nowhere")
    }
    released = {
        (each.pk, version): ReleaseFactory(projects=[each], version=version)
        for each in (project, other_project)
        for version in ("1.0", "2.0", "3.0")
    }
    made: list[Issue] = []
    for number in range(30):
        where = other_project if number % 5 == 4 else project
        first, last = {0: ("1.0", "2.0"), 3: ("1.0", "1.0"), 4: ("2.0", "3.0")}.get(number % 9, ("", ""))
        issue = IssueFactory(
            project=where,
            own_first_release=released.get((where.pk, first)),
            own_last_release=released.get((where.pk, last)),
            text__title=f"{('Valve', 'Gauge', 'Pump')[number % 3]} {number} {('stuck', 'is open')[number % 2]}",
            text__culprit="valve.turn" if number % 11 == 0 else "gauge.read",
            level="fatal" if number % 4 == 1 else "error",
            platform=("Java", "go", "python")[min(number % 7, 2)],
            logger=("pumps.control", "pumps.telemetry", "a_b", "axb", "")[min(number % 9, 4)],
            own_times_seen=90 + number,
            resolved=number % 6 == 5,
            reopened_as="regressed" if number % 6 == 3 else None,
            assignee_user=jane if number % 8 == 1 else None,
            assignee_team=team if number % 8 == 5 else None,
        )
        if number % 7 == 6:  # into what it stands under, two deep at times
            above = next((each for each in reversed(made) if each.project_id == issue.project_id), None)
            Issue.objects.filter(pk=issue.pk).update(merged_into=above)
            if above is not None and issue.own_last_release is not None:  # what the tree shows is its child's then
                root = Issue.objects.get(pk=above.pk)
                root = root.merged_into or root
                Issue.objects.filter(pk=root.pk).update(last_release=issue.own_last_release)
        seen = {"live": number % 6 == 0, "early": number % 4 == 2}
        for name in (name for name, is_seen in seen.items() if is_seen):
            IssueEnvironment.objects.create(
                project=issue.project,
                issue=issue,
                environment=places[issue.project_id, name],
                first_seen=NOW,
                last_seen=NOW,
                times_seen=1,
            )
        made.append(issue)
    return made


def terms_of(query: str, project_ids: list[int], user: User | None = None) -> tuple[Term, ...]:
    return names.resolve(parse(query, user_id=user.pk if user else 1), project_ids, at=NOW)


def told(found: Any, project_ids: list[int], sort: Sort, statuses: Any) -> list[Any]:
    """Return what lists, counts and actions are told of these issues."""
    start = Position(sort)
    keys, count = found.first_page(project_ids, statuses, at=NOW, start=start, limit=4, count_to=6)
    beside = [
        found.page(project_ids, statuses, at=NOW, position=Position(sort, key, backwards=backwards), limit=3)
        for key, backwards in zip(keys[1:3], (False, True), strict=False)
    ]
    some = found.visible() if statuses is None else found.visible().with_status(statuses, at=NOW)
    return [
        (keys, count),
        *beside,
        found.count_up_to(3, project_ids, statuses, at=NOW),
        sorted(some.in_each(project_ids, 100, in_all=100)),
        len(some.in_each(project_ids, 100, in_all=2)),
        sorted({project_id for project_id, _ in some.in_each(project_ids, 1, in_all=None)}),
    ]


def test_finds_the_same(
    issues: list[Issue], project: Project, other_project: Project, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [project.pk, other_project.pk]
    kinds = cycle(product(([project.pk], both), SORTS, (None, UNRESOLVED)))
    for query, (project_ids, column, statuses) in zip(QUERIES, kinds, strict=False):
        terms = terms_of(query, project_ids, jane)
        found = Issue.objects.matching(terms, at=NOW)
        wanted = told(found, project_ids, Sort(column), statuses)
        rows = found.visible().in_each(project_ids, 100, in_all=None)
        ids, places = {pk for _, pk in rows}, {place for place, _ in rows}
        for few, common in ((2, 0), (100, 30), (100, 0)):  # all are common, some, none
            monkeypatch.setattr(module, "FEW", few)
            monkeypatch.setattr(module, "COMMON", common)
            narrowing = narrowing_of(terms, project_ids)
            narrowed, having = narrowing.narrow(found), list(narrowing.project_ids)
            assert told(narrowed, having, Sort(column), statuses) == wanted, (query, few, common)
            assert {place for place, _ in narrowing.any_in_each(found.visible())} == places, (query, few, common)
            for limit in (1, 100):
                first = {pk for _, pk in narrowing.first(found.visible(), limit)}
                assert len(first) == min(limit, len(ids)), (query, few, common)
                assert first <= ids


def test_changes_the_same(
    issues: list[Issue], project: Project, other_project: Project, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = cycle(product((UNRESOLVED, None), ([project.pk], [project.pk, other_project.pk])))
    ignore, by_jane = IssueMutation(status=Ignore()), act(Caller(user=jane), preview=True)  # one and the same, put back
    changed: list[set[int]] = []

    def look() -> None:
        changed.append(set(Issue.objects.filter(status=IssueStatus.IGNORED).values_list("pk", flat=True)))

    for query, (statuses, project_ids) in zip(THERE, kinds, strict=False):
        search = parse(query, user_id=jane.pk)
        scopes = [AllIssues(pk, statuses=statuses, terms=search, among=tuple(project_ids)) for pk in project_ids]
        terms = names.resolve(search, project_ids, at=NOW)
        found = [Issue.objects.in_scope(replace(scope, terms=terms), at=NOW) for scope in scopes]
        wanted = [set(each.values_list("pk", flat=True)) for each in found]
        for few, common in ((2, 0), (100, 30), (100, 0)):  # all are common, some, none
            monkeypatch.setattr(module, "FEW", few)
            monkeypatch.setattr(module, "COMMON", common)
            done = bulk.mutate_each(scopes, ignore, by_jane, look=look)
            assert changed.pop() == set().union(*wanted), (query, few, common)
            assert [outcome.matched for outcome in done] == [len(ids) for ids in wanted], (query, few, common)


def test_shows_the_first_of_all_the_same(
    issues: list[Issue], project: Project, other_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of common words in several projects the last that one of them shows says how far back the others are read."""
    both = [project.pk, other_project.pk]
    for number, issue in enumerate(issues):  # each at another time, those of the larger project last
        Issue.objects.filter(pk=issue.pk).update(
            last_seen=NOW + timedelta(minutes=number * 7 % 61, hours=issue.project_id == other_project.pk)
        )
    monkeypatch.setattr(module, "COMMON", 30)
    for query, limit in product(["valve", '"is" "valve"', "gauge is:unresolved", "pump !assigned:me"], (1, 2, 3, 20)):
        search = terms_of(query, both)
        scopes = [AllIssues(pk, terms=search, among=tuple(both)) for pk in both]
        narrowing = selected.narrowed(scopes)
        assert narrowing.is_of_common_words
        found = Issue.objects.visible().of_projects(both).matching(search, at=NOW)
        newest = found.order_by("-last_seen", "-id").values_list("pk", flat=True)
        assert selected.first_ids(scopes, narrowing, limit, at=NOW) == list(newest[:limit]), (query, limit)


def test_of_all_leaves_the_settings_of_its_transaction_as_they_were(issues: list[Issue], project: Project) -> None:
    """What a search is narrowed to is read by an index. What it isn't narrowed to may be better read otherwise."""
    scope = AllIssues(project.pk, terms=terms_of("environment:live", [project.pk]))
    with transaction.atomic(), connection.cursor() as cursor:
        narrowed = AllTargets(scope, mutation_id=0).issues(at=NOW)
        cursor.execute("SHOW enable_seqscan")

        assert cursor.fetchone() == ("on",)
        assert "ANY((SELECT" in str(narrowed.query)


@pytest.mark.parametrize(
    ("query", "is_narrowed"),
    [
        ("environment:live", True),
        ("environment:[live,early]", True),
        ("environment:nothing", True),
        ("release:1.0", True),
        ("release:[1.0,nothing]", True),
        ("!release:1.0", False),
        ("!environment:live", False),
        ("level:fatal environment:early", True),
        ("assigned:me", True),
        ("assigned:[me,none]", False),
        ("platform:java", True),
        ("platform:nothing", True),
        ("!platform:[python,java]", True),
        ("logger:*control level:fatal", True),
        ("!logger:pumps.*", True),
        ("zebra", True),
        ("level:fatal", False),
        ("!zebra", False),
        ("", False),
    ],
)
def test_is_asked_by_ids_where_they_are_few(
    issues: list[Issue], project: Project, query: str, is_narrowed: bool
) -> None:
    terms = terms_of(query, [project.pk])

    assert narrowing_of(terms, [project.pk]).are_all is is_narrowed


def test_counts_an_issue_once_for_each_environment(
    issues: list[Issue], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are cut at a limit before the same ones fall together: what was cut is no answer."""
    of_project = IssueEnvironment.objects.filter(project=project)
    number, distinct = of_project.count(), of_project.values("issue").distinct().count()
    assert number > distinct
    monkeypatch.setattr(module, "FEW", number - 1)
    terms = terms_of("environment:[live,early]", [project.pk])

    assert not narrowing_of(terms, [project.pk]).are_all


def test_of_no_project_asks_nothing() -> None:
    terms = terms_of("zebra", [])
    with CaptureQueriesContext(connection) as asked:
        assert not narrowing_of(terms, []).are_all

    assert len(asked) == 0
