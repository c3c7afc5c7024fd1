"""Fingerprints and events of one issue. No events are kept: the one that is shown is made from the issue."""

import re

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from issues import answers
from issues.reading.events import OLDEST_FIRST, read_hashes, read_issue_of_event
from issues.serializers.events import describe_event, describe_hash
from issues.views.single import OneIssueViewSet
from projects.api.pagination import PARAMETERS, link_header, read_page_query
from projects.api.viewsets import ProjectViewSet
from projects.querysets import MAX_ID

NEWEST = {"latest", "oldest", "recommended"}  # words for an event: with one event, they are one


class HashesViewSet(OneIssueViewSet):
    """The fingerprints whose events count for an issue: its own, and those of what was merged into it."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of fingerprints, each with the issue that it belongs to and that issue's event."""
        page = read_hashes(self.issue, read_page_query(request, OLDEST_FIRST))
        return Response(list(map(describe_hash, page.rows)), headers={"Link": link_header(request, page)})


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
    issue = read_issue_of_event(project_id, issue_id)
    if issue is None:  # no such issue, or deleted since it was found
        raise Http404
    return describe_event(issue)
