"""What was looked up ...: an assignee or a release that goes away between the look-up and the change, or during it."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import NoneType
from typing import Any

import pytest
from django.db import IntegrityError

from issues.models import Issue, IssueSubscription
from projects.models import User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.going import (
    THE_LAST_WORD,
    Cast,
    deactivate_the_user,
    delete_the_release,
    delete_the_team,
    delete_the_user,
    leave_the_organization,
    take_the_release_from_the_project,
    take_the_team_from_the_project,
    without_committing,
)
from tests.concurrency.sessions import (
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
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
    is_refused = goes_away in {delete_the_user, delete_the_release, take_the_release_from_the_project}
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
