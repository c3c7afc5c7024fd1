"""What is different where the database is spread over machines by Citus; that it is, is only said here.

What is asked then is SQL that one PostgreSQL takes, too: it must answer the same. tests/citus.py runs tests on a
cluster.
"""

import re
from contextlib import closing
from datetime import timedelta
from typing import Any, ClassVar

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext
from psycopg2.extensions import parse_dsn

from events.counting import batches
from issues.models import Issue, IssueSeen
from issues.mutation import AllIssues
from issues.search import AnyOf, Term, parse
from issues.search.conditions import IsAssignedTo, IsBookmarked, IsOfRelease, IsSeenIn
from issues.services.ground import names, project_state
from issues.services.ground.narrowing import narrowing_of
from projects.database import citus, transactions
from projects.database.failures import ProjectsAway, refusal_of
from projects.database.keyset import Position, Sort
from projects.models import Organization, Project, Team, User
from tests.api_client import Api
from tests.factories import NOW, IssueFactory, IssueSeenFactory, ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def spread(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service take its database for one that is spread."""
    monkeypatch.setattr(citus, "is_spread", lambda: True)


@pytest.fixture
def other(organization: Organization, team: Team) -> Project:
    other = ProjectFactory(organization=organization, slug="heart-of-gold")
    other.teams.add(team)
    return other


def test_one_statement_asks_for_many_projects_on_one_machine_and_for_each_where_they_are_spread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert citus.together([3, 1, 2]) == [[1, 2, 3]]

    monkeypatch.setattr(citus, "is_spread", lambda: True)

    assert citus.together([3, 1, 2]) == [[1], [2], [3]]


def test_what_belongs_to_all_projects_is_locked_on_one_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert citus.key_share(of="member", wait=False).split() == ["FOR", "KEY", "SHARE", "OF", "member", "NOWAIT"]

    monkeypatch.setattr(citus, "is_spread", lambda: True)

    assert citus.key_share(of="member", wait=False) == ""


def test_a_list_of_several_projects_is_the_same(
    api: Api, project: Project, other: Project, jane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        IssueFactory(project=(project, other)[number % 2], own_last_seen=NOW - timedelta(hours=number))
    url = "/api/0/organizations/the-interstellar-jurisdiction/issues/?limit=2&query="

    def pages() -> list[list[str]]:
        found, address = [], url
        for _ in range(3):
            answer = api.request("GET", address, auth="jane")
            found.append([item["id"] for item in answer.json()])
            address = answer.headers["Link"].split(", ")[1].split("<")[1].split(">")[0]
        return found

    there = pages()
    monkeypatch.setattr(citus, "is_spread", lambda: True)

    assert sorted(map(len, there)) == [2, 2, 2]
    assert pages() == there


def test_counts_over_several_projects(spread: None, project: Project, other: Project) -> None:
    for each in (project, project, other):
        IssueFactory(project=each)
    IssueFactory(project=other)
    issues = Issue.objects.all()

    assert issues.count_up_to(10, [project.pk, other.pk], None, at=NOW) == 4
    assert issues.count_up_to(3, [project.pk, other.pk], None, at=NOW) == 3
    start = Position(Sort("last_seen"))
    keys, count = issues.first_page([project.pk, other.pk], None, at=NOW, start=start, limit=3, count_to=10)
    assert (len(keys), count) == (3, 4)
    assert keys == sorted(keys, reverse=True)


def test_a_search_by_environment_names_the_project_as_a_value(spread: None, project: Project, other: Project) -> None:
    """Which machine to ask is found by values; by a column of the issue, Citus refuses to ask any."""
    terms = (Term(IsSeenIn((7,))), Term(IsSeenIn((8,)), negated=True))

    with CaptureQueriesContext(connection) as asked:
        Issue.objects.matching(terms, at=NOW).page(
            [project.pk, other.pk], None, at=NOW, position=Position(Sort("last_seen")), limit=3
        )
        list(Issue.objects.in_scope(AllIssues(project.pk, terms=terms), at=NOW))

    assert len(asked) == 3
    for query, pk in zip(asked.captured_queries, (project.pk, other.pk, project.pk), strict=True):
        named = re.findall(r"(?:seen|child)\.project_id = (\S+)", query["sql"])
        assert set(named) == {str(pk)}
        assert len(named) >= 6


def test_a_search_for_bookmarks_names_the_project_as_a_value(spread: None, project: Project) -> None:
    terms = (Term(AnyOf((IsBookmarked(7), IsBookmarked(8)))),)

    with CaptureQueriesContext(connection) as asked:
        list(Issue.objects.in_scope(AllIssues(project.pk, terms=terms), at=NOW))

    assert re.findall(r"bookmark\.project_id = (\S+)", asked[0]["sql"]) == [str(project.pk)] * 2


def test_a_platform_is_looked_for_in_one_project_after_the_other(
    spread: None, project: Project, other: Project
) -> None:
    IssueFactory(project=other, platform="cobol")
    IssueFactory(project=other, platform="apl", merged_into=IssueFactory(project=other))
    search = parse("platform:cobol platform:apl", user_id=1, of_organization=True)

    with CaptureQueriesContext(connection) as asked:
        names.refuse_unknown(search, [project.pk, other.pk], at=NOW)

    texts = [query["sql"] for query in asked if "issues_issuetext" in query["sql"]]
    of = [set(re.findall(r"WHERE project_id = (\S+) AND", sql)) for sql in texts]
    assert of == [{str(project.pk)}, {str(other.pk)}]
    with pytest.raises(names.UnknownName, match="basic"):
        names.refuse_unknown(parse("platform:basic", user_id=1, of_organization=True), [project.pk, other.pk], at=NOW)


@pytest.mark.parametrize(
    "search",
    [
        (Term(IsSeenIn((7,))),),
        (Term(IsOfRelease((7,), first_only=False)),),
        (Term(IsAssignedTo((7,), (8,))),),
        *(parse(query, user_id=1) for query in ("platform:cobol", "logger:*s", "!logger:[ink,paper]", "ink", '"ink"')),
    ],
    ids=["environment", "release", "people", "platform", "pattern", "loggers that are not meant", "word", "text"],
)
def test_a_search_is_narrowed_in_one_project_after_the_other(
    spread: None, project: Project, other: Project, search: tuple[Term, ...]
) -> None:
    with CaptureQueriesContext(connection) as asked:
        narrowing_of(search, [project.pk, other.pk])

    of_issues = [query["sql"] for query in asked if "issues_issue" in query["sql"]]
    of = [set(re.findall(r'project_id"? = ([0-9]+)', sql)) for sql in of_issues]
    assert of
    assert of == [{str(pk)} for pk in (project.pk, other.pk) for _ in range(len(of) // 2)]


def test_nothing_is_asked_of_no_project(spread: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert project_state.lock_state_of([]) == set()
        page = Issue.objects.all().first_page([], None, at=NOW, start=Position(Sort("last_seen")), limit=3, count_to=10)

    assert page == ([], 0)
    assert not asked


LOST = "could not commit transaction for shard 102207 on at least one active node"
WARNINGS = {
    "refused": 'WARNING:  insert or update on table "issues_102207" violates foreign key constraint "user_102207"',
    "lost": "WARNING:  could not receive data from server: Connection timed out",
}


@pytest.mark.parametrize(("warning", "attempts"), [("refused", transactions.ATTEMPTS), ("lost", 1)])
def test_what_a_machine_refuses_at_the_commit_is_tried_again_and_not_what_it_may_have_done(
    spread: None, warning: str, attempts: int
) -> None:
    connection.connection.notices.append(WARNINGS["refused"])  # of an earlier transaction
    begun = []

    def change() -> None:
        for attempt in transactions.attempts(lock_timeout=1):
            with attempt:
                begun.append(attempt)
                connection.connection.notices.append(WARNINGS[warning])
                raise InternalError(LOST)

    with pytest.raises(InternalError) as failed:
        change()

    assert len(begun) == attempts
    assert isinstance(refusal_of(failed.value), ProjectsAway)


def test_all_of_several_projects_are_taken(spread: None, project: Project, other: Project) -> None:
    ids = {IssueFactory(project=each).pk for each in (project, other)}

    found = Issue.objects.visible().in_each([project.pk, other.pk], 5, in_all=5)

    assert {pk for _, pk in found} == ids
    assert len(Issue.objects.visible().in_each([project.pk, other.pk], 5, in_all=1)) == 1


def test_states_of_several_projects_are_locked_one_by_one(spread: None, project: Project, other: Project) -> None:
    assert project_state.lock_state_of([other.pk, project.pk]) == {project.pk, other.pk}


def test_marks_as_seen_what_is_due_alone(spread: None, api: Api, project: Project, jane: User) -> None:
    new, looked_at, looked_at_before = IssueFactory.create_batch(3, project=project, own_last_seen=NOW - timedelta(1))
    IssueSeenFactory(issue=looked_at, user=jane, seen_at=NOW)
    IssueSeenFactory(issue=looked_at_before, user=jane, seen_at=NOW - timedelta(2))

    answer = api.put(api.issues_url, {"hasSeen": True}, ids=[new.pk, looked_at.pk, looked_at_before.pk], auth="jane")

    assert answer.headers["Issues-Changed"] == "2"
    assert IssueSeen.objects.filter(user=jane, seen_at__gte=NOW).count() == 3


def test_finds_the_projects_whose_events_wait(spread: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO events_arrival
                (project_id, hash, older_hashes, event_id, seen_at, received_at, level, "user", release, environment)
            SELECT project_id, gen_random_uuid(), '{}', gen_random_uuid(), now(), now(), 'error', '', '', ''
            FROM unnest(ARRAY[7, 5, 7]) AS project (project_id)
            """
        )

    assert batches.projects() == [5, 7]


def test_ids_go_on_where_they_were_when_tables_are_made_anew(project: Project) -> None:
    with connection.cursor() as cursor, citus.counters_kept(cursor):
        cursor.execute("ALTER SEQUENCE projects_project_id_seq RESTART")

    assert ProjectFactory(organization=project.organization).pk > project.pk


def test_a_database_without_citus_is_not_spread() -> None:
    with pytest.raises(CommandError, match="This database has no Citus: CREATE EXTENSION citus"):
        call_command("distribute")


# ---------------------------------------------------------------------------------------------------------------------
# What is set
# ---------------------------------------------------------------------------------------------------------------------


def test_connections_to_come_have_the_settings_of_a_cluster() -> None:
    with connection.cursor() as cursor:
        citus.set_for_connections(cursor)
        cursor.execute(
            """
            SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
            WHERE datname = current_database() AND setrole = 0
            """
        )
        found = dict(setting.split("=") for (setting,) in cursor.fetchall())

    assert found["citus.propagate_set_commands"] == "local"
    assert found["citus.multi_shard_modify_mode"] == "sequential"
    assert found["citus.node_connection_timeout"] == "5s"


def test_a_connection_between_machines_keeps_what_it_has_and_is_limited() -> None:
    limits = "tcp_user_timeout=5000 keepalives_idle=5 keepalives_interval=2 keepalives_count=3"

    assert citus.limited("sslmode=require") == f"sslmode=require {limits}"
    own = "keepalives_count=9 sslrootcert='/etc/our own/root.crt'"
    assert parse_dsn(citus.limited(own)) == parse_dsn(limits) | parse_dsn(own)
    assert citus.limited(citus.limited(own)) == citus.limited(own)


class Noted(psycopg2.extensions.cursor):  # type: ignore[misc] # psycopg2 has no types here
    """Notes the messages to the database instead of sending them."""

    sent: ClassVar[list[tuple[str, Any]]] = []

    def execute(self, query: str, params: Any = None) -> None:
        self.sent.append((" ".join(query.split()), params))


class NotedWhereSpread(citus.SpreadCursor, Noted):
    """What would be sent to a cluster."""


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("SELECT %s;", [("SELECT %s;", [1])]),
        ("SET LOCAL jit = off", [("SET LOCAL jit = off", [1])]),
        ("SET LOCAL jit = off; SET LOCAL a.b = 'c d';", [("SET LOCAL jit = off; SET LOCAL a.b = 'c d';", [1])]),
        ("\n SET LOCAL jit = off;\n SELECT %s", [("SET LOCAL jit = off;", None), ("SELECT %s", [1])]),
        ("SELECT %s; SET LOCAL jit TO DEFAULT;\n", [("SELECT %s;", [1]), ("SET LOCAL jit TO DEFAULT;", None)]),
        (
            "SET LOCAL a = 1; SET LOCAL b = 2; SELECT 1; SELECT %s; SET LOCAL a TO DEFAULT; SET LOCAL b TO DEFAULT;",
            [
                ("SET LOCAL a = 1; SET LOCAL b = 2;", None),
                ("SELECT 1; SELECT %s;", [1]),
                ("SET LOCAL a TO DEFAULT; SET LOCAL b TO DEFAULT;", None),
            ],
        ),
    ],
)
def test_in_a_transaction_settings_go_before_and_after_a_statement_by_themselves(
    message: str, sent: list[tuple[str, Any]]
) -> None:
    Noted.sent.clear()

    connection.connection.cursor(cursor_factory=NotedWhereSpread).execute(message, [1])

    assert Noted.sent == sent


def test_outside_of_one_they_go_along_and_to_the_coordinator_alone() -> None:
    Noted.sent.clear()
    with closing(psycopg2.connect(**connection.get_connection_params())) as alone:
        alone.autocommit = True

        alone.cursor(cursor_factory=NotedWhereSpread).execute("SET LOCAL statement_timeout = '1s'; SELECT %s", [1])

    assert Noted.sent == [
        ("SET LOCAL citus.propagate_set_commands = 'none'; SET LOCAL statement_timeout = '1s'; SELECT %s", [1])
    ]
