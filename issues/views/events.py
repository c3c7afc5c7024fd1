"""Fingerprints and events of one issue. No events are kept: the one that is shown is made from the issue."""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from issues.models import Issue, IssueHash
from issues.querysets import as_array
from issues.serializers.events import describe_event, event_id
from issues.services import targets
from issues.views.single import OneIssueViewSet
from projects.keyset import Sort
from projects.pagination import paginate
from projects.viewsets import ProjectViewSet

NEWEST = {"latest", "oldest", "recommended"}  # words for an event: with one event, they are one


class HashesViewSet(OneIssueViewSet):
    """The fingerprints whose events count for an issue: its own, and those of what was merged into it."""

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of fingerprints, each with the issue that it belongs to and that issue's event."""
        tree = [self.issue.pk, *targets.descendants(self.issue.project_id, [self.issue.pk])]
        found = IssueHash.objects.filter(project=self.issue.project_id, issue__any_of=as_array(tree))
        rows = found.select_related("issue__text", "issue__project", "issue__last_release")
        hashes, headers = paginate(request, rows, Sort("id", descending=False))
        return Response([_describe_hash(row) for row in hashes], headers=headers)


def _describe_hash(row: IssueHash) -> dict[str, object]:
    issue = row.issue
    return {
        "id": row.hash,
        "issue": {
            "id": str(issue.pk),
            "shortId": issue.short_id,
            "title": issue.text.title,
            "mergedInto": None if issue.merged_into_id is None else str(issue.merged_into_id),
        },
        "latestEvent": describe_event(issue),
    }


class EventViewSet(OneIssueViewSet):
    """One event of an issue."""

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer the event that is made from the issue."""
        issue = Issue.objects.select_related("text", "last_release").get(pk=self.issue.pk)
        if kwargs["event"] not in NEWEST and kwargs["event"] != event_id(issue):
            raise Http404
        return Response(describe_event(issue))


class ProjectEventViewSet(ProjectViewSet):
    """One event of a project, by the id that it has elsewhere."""

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer the event that is made from the issue that the id stands for."""
        word = kwargs["event"].replace("-", "").lower()
        issue = targets.find([self.project.pk], str(_number(word)))
        if issue is None or event_id(issue) != word:
            raise Http404
        return Response(describe_event(Issue.objects.select_related("text", "last_release").get(pk=issue.pk)))


def _number(word: str) -> int:
    try:
        return int(word, 16)
    except ValueError:
        return 0
