"""A request ...: has one time and one stamp, whenever its rows are written."""

from functools import partial

import pytest

from issues.models import Activity, Issue, Mutation
from projects.models import Project, User
from tests.api_client import Api
from tests.concurrency.sessions import HISTORY, ISSUE_LOCK, Session, stopped, wait_until_blocked
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = {
    "status": "resolved",
    "assignedTo": "sam",
    "isPublic": True,
    "hasSeen": True,
    "isBookmarked": True,
    "isSubscribed": True,
    "merge": True,
}
NOTHING_OF_IT = {
    "status": "unresolved",
    "assignedTo": None,
    "isPublic": False,
    "hasSeen": False,
    "isBookmarked": False,
    "isSubscribed": False,
}


def test_stamps_every_row_with_one_time_and_one_id(api: Api, project: Project, sam: User) -> None:
    ids = [IssueFactory(project=project).pk for _ in range(2)]

    first = api.put(api.issues_url, EVERYTHING, ids=ids, auth="jane")
    rows_of_first = list(Activity.objects.order_by("id").values_list("mutation_id", "created_at"))
    marks = [
        row.created_at if hasattr(row, "created_at") else row.seen_at
        for issue in Issue.objects.all()
        for row in [*issue.bookmarks.all(), *issue.subscriptions.all(), *issue.seen_marks.all()]
    ]
    second = api.put(api.issues_url, NOTHING_OF_IT, ids=ids[:1], auth="jane")
    rows_of_second = list(Activity.objects.order_by("id").values_list("mutation_id", "created_at"))[
        len(rows_of_first) :
    ]

    earlier, later = Mutation.objects.order_by("id")
    assert (earlier.pk, later.pk) == (int(first.headers["Mutation-Id"]), int(second.headers["Mutation-Id"]))
    assert earlier.created_at < later.created_at
    assert rows_of_first == [(earlier.pk, earlier.created_at)] * 7  # two for each of three verbs, one for the merge
    assert marks == [earlier.created_at] * 8  # for each: seen, bookmark, jane's subscription and sam's
    assert rows_of_second == [(later.pk, later.created_at)] * 3
    assert list(Issue.objects.order_by("id").values_list("mutation_id", flat=True)) == [later.pk, earlier.pk]
    assert set(Issue.objects.filter(status="resolved").values_list("resolved_at", flat=True)) == {earlier.created_at}


def test_that_waited_is_later_than_its_time_says(
    api: Api, project: Project, session: Session, other_session: Session
) -> None:
    issue = IssueFactory(project=project)
    publish = partial(api.put, api.issues_url, {"isPublic": True}, ids=[issue.pk])
    resolve = partial(api.put, api.issues_url, {"status": "resolved"}, ids=[issue.pk])

    with stopped(session, publish, after=ISSUE_LOCK) as publishing:
        resolving = other_session.start(resolve)
        wait_until_blocked(other_session, by=session)
        withdrawn_at = Mutation.objects.count()  # nobody has committed

    assert withdrawn_at == 0
    asked_first, asked_second = (int(future.result().headers["Mutation-Id"]) for future in (publishing, resolving))
    assert list(Activity.objects.order_by("id").values_list("kind", "mutation_id")) == [
        ("set_public", asked_first),
        ("set_resolved", asked_second),
    ]


def test_shows_nothing_to_others_before_it_shows_all(api: Api, project: Project, sam: User, session: Session) -> None:
    ids = [IssueFactory(project=project).pk for _ in range(2)]

    with stopped(session, partial(api.put, api.issues_url, EVERYTHING, ids=ids, auth="jane"), after=HISTORY) as putting:
        listed = api.get(api.issues_url)
        assert [(item["status"], item["isPublic"], item["assignedTo"]) for item in listed.json()] == [
            ("unresolved", False, None)
        ] * 2
        assert not Activity.objects.exists()

    assert putting.result().status_code == 200
    assert [item["status"] for item in api.get(api.issues_url, raw_query="query=").json()] == ["resolved"]
