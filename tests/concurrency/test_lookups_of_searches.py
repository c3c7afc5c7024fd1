"""What a search looked up (contract 1.3), and what a merge shows: it goes away meanwhile."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import Model
from pytest_django import Settings

from issues.models import Issue
from projects.models import Release, User
from tests.api_client import Api
from tests.concurrency.going import (
    THE_LAST_WORD,
    Cast,
    delete_the_release,
    delete_the_team,
    delete_the_user,
    leave_the_organization,
    take_the_team_from_the_project,
    without_committing,
)
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    HOLD,
    ISSUE_LOCK,
    Counter,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import (
    LONG_AGO,
    IssueFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


RESOLVE = {"status": "resolved"}


# What a search names: negated, it would be about everything once it is gone.
SEARCHED = [
    pytest.param("!assigned:sam", delete_the_user, "nobody here is called sam", id="user"),
    pytest.param("!assigned:[none,%23powerful-abolitionist]", delete_the_team, "nobody here is called", id="team"),
    pytest.param("!release:1.*", delete_the_release, "there is no release 1.* here", id="release"),
    pytest.param("!release:latest", delete_the_release, "there is no release here yet", id="latest"),
    pytest.param("!assigned:sam", leave_the_organization, "nobody here is called sam", id="member"),
]


@pytest.fixture
def found(cast: Cast) -> Issue:
    """An issue that has everything that the searches leave out."""
    return IssueFactory(project=cast.project, own_first_release=cast.release, assignee_user=cast.sam)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(("query", "goes_away", "refusal"), SEARCHED)
def test_in_a_search_is_a_400_when_it_is_gone_before_the_change(
    api: Api,
    cast: Cast,
    found: Issue,
    other_session: Session,
    method: str,
    query: str,
    goes_away: Callable[[Cast], None],
    refusal: str,
) -> None:
    goes = partial(other_session.do, partial(goes_away, cast))

    with interrupted(BEGIN, goes, before=True):
        body = RESOLVE if method == "PUT" else None
        response = api.request(method, api.issues_url, body, ids=[found.pk], raw_query=f"query={query}", auth="jane")

    assert response.status_code == 400
    assert refusal in response.json()["detail"]
    assert Issue.objects.get().status == "unresolved"


def lock_as_for_deletion(row: Model) -> None:
    with transaction.atomic():
        rows = type(row)._default_manager.filter(pk=row.pk)
        list((rows.filter(project=row.project) if isinstance(row, Release) else rows).select_for_update())


@pytest.mark.parametrize(
    ("query", "row"),
    [
        pytest.param("!assigned:sam", lambda cast: cast.sam, id="user"),
        pytest.param("!assigned:[none,%23powerful-abolitionist]", lambda cast: cast.team, id="team"),
        pytest.param("!release:1.*", lambda cast: cast.release, id="release"),
        pytest.param("!release:latest", lambda cast: cast.release, id="latest"),
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["named", "all"])
def test_in_a_search_cant_be_taken_away_during_the_change(
    api: Api,
    cast: Cast,
    issue: Issue,
    jane: User,
    session: Session,
    other_session: Session,
    query: str,
    row: Callable[[Cast], Model],
    named: bool,
) -> None:
    Issue.objects.update(assignee_user=jane)
    ids = [issue.pk] if named else []
    resolve = partial(api.put, api.issues_url, RESOLVE, ids=ids, raw_query=f"query={query}")

    with stopped(session, resolve, after=HISTORY) as changing:
        going = other_session.start(partial(lock_as_for_deletion, row(cast)))
        wait_until_blocked(other_session, by=session)

    assert changing.result().headers["Issues-Changed"] == "1"
    going.result()


def test_latest_in_a_search_is_the_latest_until_the_commit(
    api: Api, cast: Cast, found: Issue, session: Session, other_session: Session
) -> None:
    releases = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
    make = partial(api.request, "POST", releases, {"version": "9.0", "projects": [cast.project.slug]})
    resolve = partial(api.put, api.issues_url, RESOLVE, ids=[found.pk], raw_query="query=release:latest")

    with stopped(session, resolve, after=ISSUE_LOCK) as changing:
        making = other_session.start(make)
        wait_until_blocked(other_session, by=session)

    assert changing.result().headers["Issues-Changed"] == "1"
    assert making.result().status_code == 201


THE_HEIR = [
    pytest.param("assignee_user", leave_the_organization, id="member"),
    pytest.param("assignee_team", take_the_team_from_the_project, id="team of project"),
]


def of_the_child(cast: Cast, column: str) -> tuple[Issue, Issue]:
    """Return an issue that is nobody's, seen first, and one that is assigned."""
    elder = IssueFactory(project=cast.project, own_first_seen=LONG_AGO)
    child = IssueFactory(project=cast.project, **{column: cast.sam if column == "assignee_user" else cast.team})
    return elder, child


@pytest.mark.parametrize(("column", "goes_away"), THE_HEIR)
def test_of_a_child_cant_be_taken_away_while_it_is_merged(
    api: Api,
    cast: Cast,
    session: Session,
    other_session: Session,
    column: str,
    goes_away: Callable[[Cast], None],
) -> None:
    elder, child = of_the_child(cast, column)
    merge = partial(api.put, api.issues_url, {"merge": True}, ids=[elder.pk, child.pk])

    with stopped(session, merge, after=HISTORY) as merging:
        going = other_session.start(partial(goes_away, cast))
        wait_until_blocked(other_session, by=session)

    assert merging.result().status_code == 200
    going.result()
    elder.refresh_from_db()
    assert getattr(elder, f"{column}_id") == getattr(child, f"{column}_id")


@pytest.mark.parametrize(("column", "goes_away"), THE_HEIR)
def test_of_a_child_is_never_waited_for_by_who_has_its_issues(
    api: Api, cast: Cast, session: Session, settings: Settings, column: str, goes_away: Callable[[Cast], None]
) -> None:
    """Whoever takes it away may wait for these issues. So the merge lets go of them, and begins again."""
    settings.LOCK_TIMEOUT_SECONDS = 1
    elder, child = of_the_child(cast, column)
    attempts = Counter(BEGIN)

    with (
        stopped(session, partial(without_committing, goes_away, cast), after=THE_LAST_WORD),
        connection.execute_wrapper(attempts),
    ):
        response = api.put(api.issues_url, {"merge": True}, ids=[elder.pk, child.pk])

    assert response.status_code == 503
    assert attempts.count > 3


@pytest.mark.parametrize(("column", "goes_away"), THE_HEIR)
def test_of_a_child_is_nobody_for_its_parent_when_it_is_gone_before_it_is_held(
    api: Api, cast: Cast, other_session: Session, column: str, goes_away: Callable[[Cast], None]
) -> None:
    elder, child = of_the_child(cast, column)

    with interrupted(HOLD, partial(other_session.do, partial(goes_away, cast)), before=True):
        response = api.put(api.issues_url, {"merge": True}, ids=[elder.pk, child.pk])

    assert response.json() == {"merge": {"parent": str(elder.pk), "children": [str(child.pk)]}}
    elder.refresh_from_db()
    assert (elder.assignee_user, elder.assignee_team) == (None, None)
