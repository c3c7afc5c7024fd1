"""A bookmark ... (contract 1.4, ``isBookmarked``)"""

import pytest

from issues.enums import SubscriptionReason
from issues.models import Issue, IssueBookmark
from issues.mutation import MutationOutcome
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import snapshot
from tests.factories import IssueBookmarkFactory, IssueFactory, IssueSubscriptionFactory
from tests.issues.services.calls import Changes, ask, bookmark_row, changes_since, subscription_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def plain(project: Project, sam: User) -> Issue:
    """Bookmarked and followed by sam, not by jane."""
    issue = IssueFactory(project=project)
    IssueBookmarkFactory(issue=issue, user=sam)
    IssueSubscriptionFactory(issue=issue, user=sam, reason=SubscriptionReason.BOOKMARK)
    return issue


@pytest.fixture
def bookmarked(project: Project, jane: User, sam: User) -> Issue:
    """Bookmarked and followed by both; and so is a neighbour."""
    issues = [IssueFactory(project=project), IssueFactory(project=project)]
    for issue in issues:
        for user in (jane, sam):
            IssueBookmarkFactory(issue=issue, user=user)
            IssueSubscriptionFactory(issue=issue, user=user, reason=SubscriptionReason.BOOKMARK)
    return issues[0]


def test_is_set_where_there_is_none_and_lets_the_user_follow(
    plain: Issue, bookmarked: Issue, project: Project, jane: User, by_jane: Caller
) -> None:
    before = snapshot()

    outcome = ask(project, [plain, bookmarked], by=by_jane, is_bookmarked=True)

    assert outcome == MutationOutcome(2, 1, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        added={
            "issuebookmark": [bookmark_row(plain, jane)],
            "issuesubscription": [subscription_row(plain, jane, SubscriptionReason.BOOKMARK)],
        }
    )


def test_is_taken_away_with_the_subscription_that_came_with_it(
    plain: Issue, bookmarked: Issue, project: Project, jane: User, by_jane: Caller
) -> None:
    bookmark = IssueBookmark.objects.get(issue=bookmarked, user=jane)
    subscription = bookmarked.subscriptions.get(user=jane)
    before = snapshot()

    outcome = ask(project, [plain, bookmarked], by=by_jane, is_bookmarked=False)

    assert outcome == MutationOutcome(2, 1, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        gone={"issuebookmark": [bookmark.pk], "issuesubscription": [subscription.pk]}
    )


@pytest.mark.parametrize("is_bookmarked", [True, False])
def test_changes_nothing_the_second_time(
    is_bookmarked: bool, plain: Issue, bookmarked: Issue, project: Project, by_jane: Caller
) -> None:
    ask(project, [plain, bookmarked], by=by_jane, is_bookmarked=is_bookmarked)
    before = snapshot()

    outcome = ask(project, [plain, bookmarked], by=by_jane, is_bookmarked=is_bookmarked)

    assert outcome == MutationOutcome(matched=2, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("reason", SubscriptionReason)
def test_leaves_a_subscription_as_it_is(
    reason: SubscriptionReason, is_active: bool, plain: Issue, project: Project, jane: User, by_jane: Caller
) -> None:
    IssueSubscriptionFactory(issue=plain, user=jane, reason=reason, is_active=is_active)
    before = snapshot()

    ask(project, [plain], by=by_jane, is_bookmarked=True)

    assert changes_since(before) == Changes(added={"issuebookmark": [bookmark_row(plain, jane)]})


@pytest.mark.parametrize(
    ("reason", "is_active"),
    [
        (SubscriptionReason.UNKNOWN, True),
        (SubscriptionReason.ASSIGNED, True),
        (SubscriptionReason.STATUS_CHANGE, True),
        (SubscriptionReason.BOOKMARK, False),  # the user ended it: kept, so that no side effect revives it
    ],
)
def test_is_taken_away_without_a_subscription_of_another_kind(
    reason: SubscriptionReason, is_active: bool, bookmarked: Issue, project: Project, jane: User, by_jane: Caller
) -> None:
    bookmarked.subscriptions.filter(user=jane).update(reason=reason, is_active=is_active)
    bookmark = IssueBookmark.objects.get(issue=bookmarked, user=jane)
    before = snapshot()

    ask(project, [bookmarked], by=by_jane, is_bookmarked=False)

    assert changes_since(before) == Changes(gone={"issuebookmark": [bookmark.pk]})


@pytest.mark.parametrize("is_bookmarked", [True, False])
def test_needs_a_user(is_bookmarked: bool, plain: Issue, bookmarked: Issue, project: Project, by_key: Caller) -> None:
    before = snapshot()

    outcome = ask(project, [plain, bookmarked], by=by_key, is_bookmarked=is_bookmarked)

    assert outcome == MutationOutcome(matched=2, changed=0)
    assert snapshot() == before
