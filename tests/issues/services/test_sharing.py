"""Sharing ... (contract 1.4, ``isPublic``)"""

from uuid import UUID

import pytest

from issues.enums import ActivityKind, IssueStatus
from issues.models import Issue
from issues.mutation import MutationOutcome
from projects.callers import Caller
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import IssueFactory
from tests.issues.services.calls import Changes, activity_row, ask, changes_since, row_of

pytestmark = pytest.mark.django_db


def share_ids(*issues: Issue) -> list[UUID]:
    return [row_of(issue)["share_id"] for issue in issues]


def test_gives_each_private_issue_a_link_of_its_own(project: Project, by_jane: Caller) -> None:
    private, other_private, public = (
        IssueFactory(project=project),
        IssueFactory(project=project),
        IssueFactory(project=project, public=True),
    )
    IssueFactory(project=project)
    before = snapshot()

    outcome = ask(project, [private, other_private, public], by=by_jane, is_public=True)

    links = share_ids(private, other_private)
    assert {link.version for link in links} == {4}
    assert len({*links, public.share_id}) == 3
    assert outcome == MutationOutcome(3, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={
            "issue": {
                issue.pk: {"share_id": link, "mutation_id": outcome.mutation_id}
                for issue, link in zip((private, other_private), links, strict=True)
            }
        },
        added={
            "activity": [
                activity_row(issue, ActivityKind.SET_PUBLIC, outcome, by=by_jane) for issue in (private, other_private)
            ]
        },
    )


def test_takes_links_away_for_good(project: Project, by_key: Caller) -> None:
    private, public = IssueFactory(project=project), IssueFactory(project=project, public=True)
    IssueFactory(project=project, public=True)
    before = snapshot()

    outcome = ask(project, [private, public], by=by_key, is_public=False)

    assert outcome == MutationOutcome(2, 1, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issue": {public.pk: {"share_id": None, "mutation_id": outcome.mutation_id}}},
        added={
            "activity": [
                activity_row(public, ActivityKind.SET_PRIVATE, outcome, by=by_key, before_share_id=public.share_id)
            ]
        },
    )

    ask(project, [public], by=by_key, is_public=True)
    assert share_ids(public) not in ([None], [public.share_id])


@pytest.mark.parametrize("is_public", [True, False])
def test_changes_nothing_the_second_time(is_public: bool, project: Project, by_jane: Caller) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project, public=True)]
    ask(project, issues, by=by_jane, is_public=is_public)
    before = snapshot()

    outcome = ask(project, issues, by=by_jane, is_public=is_public)

    assert outcome == MutationOutcome(matched=2, changed=0)
    assert snapshot() == before


def test_tells_the_link_of_the_only_issue_that_matched(project: Project, by_jane: Caller) -> None:
    private, public = IssueFactory(project=project), IssueFactory(project=project, public=True)
    resolved = IssueFactory(project=project, resolved=True)

    shared = ask(project, [private], by=by_jane, is_public=True)
    kept = ask(project, [public], by=by_jane, is_public=True)
    one_of_two = ask(project, [public, resolved], by=by_jane, statuses=[IssueStatus.RESOLVED], is_public=True)

    assert [shared.share_id] == share_ids(private)
    assert kept.share_id == public.share_id
    assert [one_of_two.share_id] == share_ids(resolved)


def test_tells_no_link_of_many_or_none_and_none_that_is_gone(project: Project, by_jane: Caller) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project, public=True)]

    assert ask(project, issues, by=by_jane, is_public=True).share_id is None
    assert ask(project, issues, by=by_jane, statuses=[IssueStatus.RESOLVED], is_public=True).share_id is None
    assert ask(project, issues[:1], by=by_jane, is_public=False).share_id is None
