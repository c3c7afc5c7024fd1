"""What was looked up ...: an assignee or a release that goes away between the look-up and the change, or during it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import NoneType
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from issues.models import Issue, IssueSubscription
from projects.models import OrganizationMember, Project, Release, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    HOLD,
    ISSUE_LOCK,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import (
    LONG_AGO,
    IssueBookmarkFactory,
    IssueFactory,
    IssueSubscriptionFactory,
    ProjectFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom and what the bodies below name."""

    project: Project
    team: Team
    sam: User
    release: Release


@pytest.fixture
def cast(project: Project, team: Team, sam: User) -> Cast:
    team.members.add(sam)
    return Cast(project, team, sam, ReleaseFactory(projects=[project], version="1.0.0"))


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


def leave_the_organization(cast: Cast) -> None:
    OrganizationMember.objects.filter(user=cast.sam).delete()


def delete_the_user(cast: Cast) -> None:
    cast.sam.delete()


def deactivate_the_user(cast: Cast) -> None:
    User.objects.filter(pk=cast.sam.pk).update(is_active=False)


def take_the_team_from_the_project(cast: Cast) -> None:
    cast.project.teams.remove(cast.team)


def delete_the_team(cast: Cast) -> None:
    cast.team.delete()


def take_the_release_from_the_project(cast: Cast) -> None:
    Release.objects.filter(pk=cast.release.pk).update(project=ProjectFactory())


def delete_the_release(cast: Cast) -> None:
    cast.release.delete()


THE_LAST_WORD = re.compile("SELECT 'the last word'")


def without_committing(goes_away: Callable[[Cast], None], cast: Cast) -> None:
    """Take it away, and say a last word before the commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        goes_away(cast)
        cursor.execute(THE_LAST_WORD.pattern)


RESOLVE = {"status": "resolved"}
TO_SAM = {"assignedTo": "sam"}
TO_THE_TEAM = {"assignedTo": "#powerful-abolitionist"}
IN_THE_RELEASE = {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
UNKNOWN_ACTOR = {"assignedTo": ["Unknown actor input"]}
UNKNOWN_RELEASE = {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}}

USER_GOES = [
    pytest.param(TO_SAM, leave_the_organization, UNKNOWN_ACTOR, id="member"),
    pytest.param(TO_SAM, delete_the_user, UNKNOWN_ACTOR, id="user"),
]
TEAM_GOES = [
    pytest.param(TO_THE_TEAM, take_the_team_from_the_project, UNKNOWN_ACTOR, id="team of project"),
    pytest.param(TO_THE_TEAM, delete_the_team, UNKNOWN_ACTOR, id="team"),
]
RELEASE_GOES = [
    pytest.param(IN_THE_RELEASE, take_the_release_from_the_project, UNKNOWN_RELEASE, id="release of project"),
    pytest.param(IN_THE_RELEASE, delete_the_release, UNKNOWN_RELEASE, id="release"),
]
IS_DEACTIVATED = pytest.param(TO_SAM, deactivate_the_user, UNKNOWN_ACTOR, id="active user")


@pytest.mark.parametrize(("body", "goes_away", "refusal"), [*USER_GOES, *TEAM_GOES, *RELEASE_GOES, IS_DEACTIVATED])
def test_is_a_400_and_changes_nothing_when_it_is_gone_before_the_change(
    api: Api,
    cast: Cast,
    issue: Issue,
    other_session: Session,
    body: object,
    goes_away: Callable[[Cast], None],
    refusal: object,
) -> None:
    before = snapshot()

    with interrupted(HOLD, partial(other_session.do, partial(goes_away, cast)), before=True):
        response = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    assert response.status_code == 400
    assert response.json() == refusal
    assert snapshot() == before


@pytest.mark.parametrize("goes_away", [take_the_release_from_the_project, delete_the_release])
def test_is_a_400_for_update_all_too(
    api: Api, cast: Cast, issue: Issue, other_session: Session, goes_away: Callable[[Cast], None]
) -> None:
    before = snapshot()

    with interrupted(HOLD, partial(other_session.do, partial(goes_away, cast)), before=True):
        response = api.put(api.issues_url, IN_THE_RELEASE)

    assert response.status_code == 400
    assert response.json() == UNKNOWN_RELEASE
    assert snapshot() == before


@pytest.mark.parametrize(("body", "goes_away", "refusal"), [*USER_GOES, *TEAM_GOES, *RELEASE_GOES])
def test_waits_for_whoever_is_taking_it_away(
    api: Api,
    cast: Cast,
    issue: Issue,
    session: Session,
    other_session: Session,
    body: object,
    goes_away: Callable[[Cast], None],
    refusal: object,
) -> None:
    before = snapshot()

    with stopped(session, partial(without_committing, goes_away, cast), after=THE_LAST_WORD):
        changing = other_session.start(partial(api.put, api.issues_url, body, ids=[issue.pk], auth="jane"))
        wait_until_blocked(other_session, by=session)

    assert changing.result().status_code == 400
    assert changing.result().json() == refusal
    assert snapshot() == before


@pytest.mark.parametrize(("body", "goes_away", "_"), [*USER_GOES, *TEAM_GOES, *RELEASE_GOES])
@pytest.mark.parametrize("moment", [HOLD, ISSUE_LOCK, HISTORY], ids=["held", "locked", "written"])
def test_cant_be_taken_away_during_the_change(
    api: Api,
    cast: Cast,
    issue: Issue,
    session: Session,
    other_session: Session,
    body: object,
    goes_away: Callable[[Cast], None],
    _: object,
    moment: re.Pattern[str],
) -> None:
    change = partial(api.put, api.issues_url, body, ids=[issue.pk], auth="jane")

    with stopped(session, change, after=moment) as changing:
        going = other_session.start(partial(goes_away, cast))
        wait_until_blocked(other_session, by=session)

    assert changing.result().status_code == 200
    assert changing.result().headers["Issues-Changed"] == "1"
    # Then it goes, unless the database won't let it: the issue is resolved in it, or sam follows the issue.
    is_refused = goes_away in {delete_the_user, delete_the_release}
    assert isinstance(going.exception(), IntegrityError if is_refused else NoneType)


@pytest.fixture
def take_back(api: Api, cast: Cast, issue: Issue) -> Callable[[object], Callable[[], Any]]:
    """Makes a change, overwrites it, and returns the request that takes the second step back."""

    def taken(body: object) -> Callable[[], Any]:
        api.put(api.issues_url, body, ids=[issue.pk], auth="jane")
        over: object = {"assignedTo": None, "status": "unresolved"}
        changed = api.put(api.issues_url, over, ids=[issue.pk], auth="jane").headers["Mutation-Id"]
        return partial(api.undo, changed, auth="jane")

    return taken


@pytest.mark.parametrize(("body", "goes_away", "_"), [*USER_GOES[:1], *TEAM_GOES])
def test_an_undo_waits_for_whoever_is_taking_it_away(
    issue: Issue,
    cast: Cast,
    session: Session,
    other_session: Session,
    take_back: Callable[[object], Callable[[], Any]],
    body: object,
    goes_away: Callable[[Cast], None],
    _: object,
) -> None:
    undo = take_back(body)

    with stopped(session, partial(without_committing, goes_away, cast), after=THE_LAST_WORD):
        undoing = other_session.start(undo)
        wait_until_blocked(other_session, by=session)

    assert undoing.result().json()["skippedIds"] == [str(issue.pk)]
    issue.refresh_from_db()
    assert (issue.assignee_user, issue.assignee_team) == (None, None)


@pytest.mark.parametrize(("body", "goes_away", "_"), [*USER_GOES, *TEAM_GOES])
@pytest.mark.parametrize("moment", [ISSUE_LOCK, HISTORY], ids=["locked", "written"])
def test_cant_be_taken_away_during_an_undo(
    issue: Issue,
    cast: Cast,
    session: Session,
    other_session: Session,
    take_back: Callable[[object], Callable[[], Any]],
    body: object,
    goes_away: Callable[[Cast], None],
    _: object,
    moment: re.Pattern[str],
) -> None:
    with stopped(session, take_back(body), after=moment) as undoing:
        going = other_session.start(partial(goes_away, cast))
        wait_until_blocked(other_session, by=session)

    assert undoing.result().json()["restored"] == 1
    assert going.exception() is None  # then it goes, and takes the issue from whom it was given back to, if need be


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
        response = api.request(method, api.issues_url, RESOLVE, ids=[found.pk], raw_query=f"query={query}", auth="jane")

    assert response.status_code == 400
    assert refusal in response.json()["detail"]
    assert Issue.objects.get().status == "unresolved"


def lock_as_for_deletion(row: Model) -> None:
    with transaction.atomic():
        list(type(row)._default_manager.filter(pk=row.pk).select_for_update())


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("!assigned:sam", lambda cast: cast.sam),
        ("!assigned:[none,%23powerful-abolitionist]", lambda cast: cast.team),
        ("!release:1.*", lambda cast: cast.release),
        ("!release:latest", lambda cast: cast.release),
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


def test_may_lose_a_member_who_would_have_followed(
    api: Api, cast: Cast, issue: Issue, jane: User, other_session: Session
) -> None:
    with interrupted(HISTORY, partial(other_session.do, partial(delete_the_user, cast))):
        response = api.put(api.issues_url, TO_THE_TEAM, ids=[issue.pk], auth="jane")

    assert response.status_code == 200
    assert list(IssueSubscription.objects.values_list("user_id", flat=True)) == [jane.pk]


@pytest.mark.parametrize("factory", [IssueSubscriptionFactory, IssueBookmarkFactory])
def test_may_lose_a_user_whose_mark_would_have_gone_with_a_merge(
    api: Api,
    cast: Cast,
    issue: Issue,
    other_session: Session,
    factory: type[IssueSubscriptionFactory | IssueBookmarkFactory],
) -> None:
    duplicate = IssueFactory(project=cast.project)
    factory(issue=duplicate, user=cast.sam)

    with interrupted(HISTORY, partial(other_session.do, partial(delete_the_user, cast))):
        response = api.put(api.issues_url, {"merge": True}, ids=[issue.pk, duplicate.pk])

    assert response.status_code == 200
    assert response.json() == {"merge": {"parent": str(issue.pk), "children": [str(duplicate.pk)]}}
    assert not factory._meta.model.objects.exists()


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
def test_of_a_child_is_nobody_for_its_parent_when_it_is_gone_before_it_is_held(
    api: Api, cast: Cast, other_session: Session, column: str, goes_away: Callable[[Cast], None]
) -> None:
    elder, child = of_the_child(cast, column)

    with interrupted(HOLD, partial(other_session.do, partial(goes_away, cast)), before=True):
        response = api.put(api.issues_url, {"merge": True}, ids=[elder.pk, child.pk])

    assert response.json() == {"merge": {"parent": str(elder.pk), "children": [str(child.pk)]}}
    elder.refresh_from_db()
    assert (elder.assignee_user, elder.assignee_team) == (None, None)


def test_falls_back_on_the_release_before_when_the_newest_is_being_deleted(
    api: Api, cast: Cast, issue: Issue, session: Session, other_session: Session
) -> None:
    before = ReleaseFactory(projects=[cast.project], version="0.9.0", released_at=LONG_AGO - timedelta(days=1))
    in_next = partial(api.put, api.issues_url, {"status": "resolvedInNextRelease"}, ids=[issue.pk])

    with stopped(session, partial(without_committing, delete_the_release, cast), after=THE_LAST_WORD):
        changing = other_session.start(in_next)
        wait_until_blocked(other_session, by=session)

    assert changing.result().status_code == 200
    issue.refresh_from_db()
    assert (issue.resolution_kind, issue.resolution_release) == ("in_next_release", before)
