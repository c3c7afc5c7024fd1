"""A machine of a cluster that is away: what is on the others goes on. That it is away is only said here."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from events.counting import batches
from events.taking.limits import Backlog
from issues.services.ground import finding
from projects.database import citus, transactions
from projects.database.failures import ProjectsAway, refusal_of
from projects.models import Organization, Project, User
from tests.api_client import Api
from tests.desk.acting.steps import ACT, carried, choose, numbers
from tests.desk.reading import browser_of
from tests.factories import IssueFactory, ProjectFactory

pytestmark = pytest.mark.django_db


def refuse(what: object) -> Callable[..., Any]:
    """Let statements fail that have this in their text or among their values, as Citus lets them fail."""

    def asked(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        values = params.values() if isinstance(params, dict) else params or ()
        if what in values or (isinstance(what, str) and what in sql):
            raise OperationalError("connection to the remote node failed") from citus.MachineAway()
        return execute(sql, params, many, context)

    return asked


@pytest.fixture(autouse=True)
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citus, "is_spread", lambda: True)
    monkeypatch.setattr(citus, "apart", lambda project_ids: [[pk] for pk in sorted(project_ids)])


@pytest.fixture
def lost(project: Project, organization: Organization) -> Iterator[Project]:
    """Yield a project on a machine that is away."""
    lost = ProjectFactory(id=7_000_000_007, organization=organization, slug="heart-of-gold")  # like no other value
    with connection.execute_wrapper(refuse(lost.pk)):
        yield lost


def test_finds_an_issue_on_the_others(project: Project, lost: Project) -> None:
    issue = IssueFactory(project=project)

    assert finding.find([lost.pk, project.pk], str(issue.pk)) == issue
    assert finding.split_by_project([issue.pk], [lost.pk, project.pk]) == {project.pk: {issue.pk}}


def test_what_may_be_on_it_is_not_said_to_be_missing(project: Project, lost: Project) -> None:
    issue = IssueFactory(project=project)

    with pytest.raises(OperationalError):
        finding.find([project.pk, lost.pk], str(issue.pk + 1))
    with pytest.raises(OperationalError):
        finding.split_by_project([issue.pk, issue.pk + 1], [project.pk, lost.pk])


def test_what_fails_by_something_else_is_not_taken_for_one(project: Project, lost: Project) -> None:
    def ask(some: Any) -> list[int]:
        if len(list(some)) == 1:
            raise OperationalError("canceling statement due to statement timeout")
        raise OperationalError from citus.MachineAway()

    with pytest.raises(OperationalError, match="statement timeout"):
        citus.ask_all_or_each(ask, [project.pk, lost.pk])


def test_a_caller_is_told_to_ask_for_other_projects(api: Api, project: Project, lost: Project) -> None:
    issue = IssueFactory(project=project)
    url = "/api/0/organizations/the-interstellar-jurisdiction/issues/?query="

    refused = api.request("GET", url, auth="jane")
    answered = api.request("GET", f"{url}&project={project.pk}", auth="jane")

    sentence = "Some projects are on a machine that can't be reached just now. Ask for others, or try again."
    assert (refused.status_code, refused.json()) == (503, {"detail": sentence})
    assert [item["id"] for item in answered.json()] == [str(issue.pk)]


def test_an_issue_on_another_machine_is_changed_at_the_desk(project: Project, lost: Project, jane: User) -> None:
    issue, client = IssueFactory(project=project), browser_of(jane)

    page = choose(client, "resolve", [issue])
    answer = client.post(ACT, carried(page) | {"confirm": "1"})

    assert (numbers(page), answer.status_code) == ((1, 1), 302)
    issue.refresh_from_db()
    assert issue.status == "resolved"


def test_one_database_that_is_away_is_asked_once(lost: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citus, "is_spread", lambda: False)
    asked = []

    def ask(some: Any) -> list[int]:
        asked.append(some)
        raise OperationalError from citus.MachineAway()

    with pytest.raises(OperationalError):
        citus.ask_all_or_each(ask, [1, 2])

    assert asked == [[1, 2]]


def test_counts_what_waits_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citus, "ask_each_shard", lambda table, sql: ["{7,5}", "{12}"])

    with connection.execute_wrapper(refuse("FROM events_arrival")):
        assert batches.projects() == [5, 7, 12]


def test_what_was_set_aside_is_taken_up_shard_by_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ask(table: str, sql: str) -> list[str]:
        asked.append((table, sql))
        return ["UPDATE 2", "UPDATE 0"]

    monkeypatch.setattr(citus, "ask_each_shard", ask)

    assert batches.take_up() == 2
    assert asked == [("events_arrival", "UPDATE {table} SET set_aside_at = NULL WHERE set_aside_at IS NOT NULL")]


def test_events_are_taken_though_nobody_knows_how_many_wait_there() -> None:
    with connection.execute_wrapper(refuse("FROM events_arrival")):
        Backlog().check(10, lock_timeout=5)


def test_a_log_in_goes_on_without_its_note(jane: User, client: Client) -> None:
    with connection.execute_wrapper(refuse('UPDATE "projects_user"')):
        client.force_login(jane)
    assert User.objects.get(pk=jane.pk).last_login is None

    client.force_login(jane)
    assert User.objects.get(pk=jane.pk).last_login is not None


# ---------------------------------------------------------------------------------------------------------------------
# It stands still, and its connections do, too
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    """A session of a cluster that is answered after so many seconds; all is looked at after a tenth of one."""
    monkeypatch.setattr(citus, "PATIENCE_SECONDS", 0.1)
    with closing(connection.copy()) as session:
        session.ensure_connection()
        session.connection.cursor_factory = citus.SpreadCursor

        def ask(seconds: float) -> None:
            with session.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(%s)", [seconds])

        yield ask


def test_what_only_a_machine_that_stands_still_could_answer_is_given_up(
    asks: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(citus, "may_be_answered", lambda pid: False)

    with pytest.raises(OperationalError) as given_up:
        asks(60)

    assert isinstance(refusal_of(given_up.value), ProjectsAway)


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_only_it_could_answer_is_given_up_and_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citus, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(citus, "may_be_answered", lambda pid: False)
    begun = []

    def change() -> None:
        for attempt in transactions.attempts(lock_timeout=1):
            with attempt, connection.cursor() as cursor:
                begun.append(attempt)
                cursor.execute(WAITS_AT_THE_COMMIT)

    with pytest.raises(OperationalError) as given_up:
        change()

    assert isinstance(refusal_of(given_up.value), ProjectsAway)
    assert len(begun) == 1


WAITS_AT_THE_COMMIT = """
    CREATE TEMP TABLE change (id integer);
    CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON change DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION pg_temp.wait();
    INSERT INTO change VALUES (1);
"""


def test_what_another_machine_works_at_takes_its_time(
    asks: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[int]()

    def look(pid: int) -> bool:
        looked.append(pid)
        return True

    monkeypatch.setattr(citus, "may_be_answered", look)

    asks(1)

    assert len(looked) > 1
    assert looked[0] > 0
