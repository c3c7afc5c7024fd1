"""Issues in bulk: list, mutate and delete those that the query names."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from issues.models import Issue
from issues.serializers.lists import describe_issue, read_list_query, read_surroundings
from issues.serializers.mutations import IssueMutationSerializer
from issues.serializers.outcomes import counting_headers, describe_outcome
from issues.serializers.scopes import read_scope
from issues.services import bulk, deletion, transactions
from projects.pagination import cut_page, link_header
from projects.viewsets import ApiViewSet, ProjectViewSet

MAX_HITS = 1000  # counted exactly up to here


class IssueListViewSet(ApiViewSet):
    """What the routes that list issues have in common."""

    def answer_list(self, request: Request, project_ids: Sequence[int]) -> Response:
        """Answer a page of the issues of these projects (contract section 2)."""
        at = timezone.now()
        asked = read_list_query(request.query_params, by=self.caller)
        found = Issue.objects.matching(asked.terms, at=at)
        with transactions.reading(timeout=settings.READ_TIMEOUT_SECONDS):
            keys = found.page(project_ids, asked.statuses, at=at, position=asked.position, limit=asked.limit + 1)
            page = cut_page(keys, asked.position, asked.limit)
            ids = [pk for _, pk in page.keys]
            issues = Issue.objects.of_projects(project_ids).with_what_lists_show(at=at).in_bulk(ids)
            around = read_surroundings(project_ids, ids, asked.stats, by=self.caller, at=at)
            hits = found.count_up_to(MAX_HITS, project_ids, asked.statuses, at=at)
        items = [
            describe_issue(issues[pk], around, asked.stats, permalink=self.permalink) for pk in ids if pk in issues
        ]
        headers = {"Link": link_header(request, page), "X-Hits": str(hits), "X-Max-Hits": str(MAX_HITS)}
        return Response(items, headers=headers)

    def permalink(self, pk: int) -> str:
        """Return the address of the issue's page for people."""
        return f"{self.base_url}{reverse('admin:issues_issue_change', args=[pk])}"


class ProjectIssuesViewSet(ProjectViewSet, IssueListViewSet):
    """The issues of one project. The project's path is the scope of all three methods."""

    def list(self, request: Request, organization: str, project: str) -> Response:
        """Answer a page of issues (contract section 2)."""
        return self.answer_list(request, [self.project.pk])

    def bulk_mutate(self, request: Request, organization: str, project: str) -> Response:
        """Apply the body to the issues that the query names (contract section 1)."""
        at = timezone.now()
        scope = read_scope(request.META.get("QUERY_STRING", ""), project_id=self.project.pk, by=self.caller)
        serializer = IssueMutationSerializer(data=request.data, context={"project": self.project})
        serializer.is_valid(raise_exception=True)
        mutation = serializer.to_mutation(at=at)

        outcome = bulk.mutate(scope, mutation, by=self.caller, at=at, lock_timeout=settings.LOCK_TIMEOUT_SECONDS)

        if outcome.out_of_scope:
            return Response(status=status.HTTP_204_NO_CONTENT, headers=counting_headers(outcome))
        return Response(describe_outcome(mutation, outcome, by=self.caller), headers=counting_headers(outcome))

    def bulk_delete(self, request: Request, organization: str, project: str) -> Response:
        """Delete the issues that the query names (contract section 3)."""
        at = timezone.now()
        scope = read_scope(request.META.get("QUERY_STRING", ""), project_id=self.project.pk, by=self.caller)

        outcome = deletion.delete(scope, by=self.caller, at=at, lock_timeout=settings.LOCK_TIMEOUT_SECONDS)

        return Response(status=status.HTTP_204_NO_CONTENT, headers=counting_headers(outcome))
