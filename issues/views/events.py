"""Fingerprints and events of one issue. No events are kept: the one that is shown is made from the issue."""

import re

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from issues import answers
from issues.models import Issue, IssueHash
from issues.serializers.events import describe_event
from issues.services.ground import targets
from issues.views.single import OneIssueViewSet
from projects.api.pagination import PARAMETERS, paginate
from projects.api.viewsets import ProjectViewSet
from projects.database.keyset import Sort
from projects.querysets import MAX_ID

NEWEST = {"latest", "oldest", "recommended"}  # words for an event: with one event, they are one


class HashesViewSet(OneIssueViewSet):
    """The fingerprints whose events count for an issue: its own, and those of what was merged into it."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of fingerprints, each with the issue that it belongs to and that issue's event."""
        tree = [self.issue.pk, *targets.descendants(self.issue.project_id, [self.issue.pk])]
        found = IssueHash.objects.filter(project=self.issue.project_id, issue__id__any_of=tree)
        rows = found.select_related("issue__text", "issue__project", "issue__last_release")
        hashes, headers = paginate(request, rows, Sort("id", descending=False))
        return Response([_describe_hash(row) for row in hashes], headers=headers)


def _describe_hash(row: IssueHash) -> answers.Hash:
    issue = row.issue
    return {
        "id": row.hash,
        "issue": {
            "id": str(issue.pk),
            "shortId": issue.short_id,
            "title": issue.shown_text.title,
            "mergedInto": None if issue.merged_into_id is None else str(issue.merged_into_id),
        },
        "latestEvent": describe_event(issue),
    }


class EventViewSet(OneIssueViewSet):
    """One event of an issue."""

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer the event that is made from the issue."""
        if kwargs["event"] not in NEWEST and _issue_id(kwargs["event"]) != self.issue.pk:
            raise Http404
        return Response(_read_event(self.issue.project_id, self.issue.pk))


class ProjectEventViewSet(ProjectViewSet):
    """One event of a project, by the id that it has elsewhere."""

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer the event that is made from the issue that the id stands for."""
        return Response(_read_event(self.project.pk, _issue_id(kwargs["event"])))


def _issue_id(event: str) -> int:
    """Return the id of the issue that an event's id stands for; 0 for none. Clients write it with hyphens, too."""
    word = event.replace("-", "").lower()
    number = int(word, 16) if re.fullmatch("[0-9a-f]{32}", word) else 0
    return number if number <= MAX_ID else 0


def _read_event(project_id: int, issue_id: int) -> answers.Event:
    found = Issue.objects.with_ids(project_id, [issue_id]).select_related("text", "last_release")
    issue = next(iter(found), None)
    if issue is None:  # no such issue, or deleted since it was found
        raise Http404
    return describe_event(issue)
