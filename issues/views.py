"""HTTP: who calls and what is asked, one call into the domain, and the answer."""

from typing import Any, cast

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from issues.models import Issue
from issues.pagination import cut_page, link_header
from issues.serializers.lists import describe_issue, read_list_query, read_surroundings
from issues.serializers.mutations import IssueMutationSerializer
from issues.serializers.outcomes import counting_headers, describe_outcome
from issues.serializers.scopes import read_scope
from issues.services import bulk, deletion, transactions
from projects.callers import Caller
from projects.models import Project

MAX_HITS = 1000  # counted exactly up to here


class ProjectIssuesViewSet(ViewSet):
    """The issues of one project: list, mutate and delete in bulk. The project's path is the scope of all three."""

    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the credential and its scopes, then find the project: a stranger's is as unknown as one that isn't."""
        super().initial(request, *args, **kwargs)
        found = Project.objects.visible_to(self.caller).named(kwargs["organization"], kwargs["project"])
        project = found.first()
        if project is None:
            raise Http404
        self.project = project

    @property
    def caller(self) -> Caller:
        return cast(Caller, self.request.auth)  # projects/authentication.py makes no other

    def list(self, request: Request, organization: str, project: str) -> Response:
        """Answer a page of issues, newest first (contract section 2)."""
        at = timezone.now()
        asked = read_list_query(request.query_params)
        with transactions.reading(timeout=settings.READ_TIMEOUT_SECONDS):
            rows = Issue.objects.page(
                self.project.pk, asked.statuses, at=at, position=asked.position, limit=asked.limit + 1
            )
            page = cut_page(list(rows), asked.position, asked.limit)
            ids = [pk for _, pk in page.rows]
            issues = Issue.objects.with_ids(self.project.pk, ids).with_what_lists_show(at=at).in_bulk()
            around = read_surroundings(self.project.pk, ids, asked.stats, by=self.caller, at=at)
            hits = Issue.objects.count_up_to(MAX_HITS, self.project.pk, asked.statuses, at=at)
        items = [
            describe_issue(issues[pk], around, asked.stats, permalink=self._permalink) for pk in ids if pk in issues
        ]
        headers = {"Link": link_header(request, page), "X-Hits": str(hits), "X-Max-Hits": str(MAX_HITS)}
        return Response(items, headers=headers)

    def bulk_mutate(self, request: Request, organization: str, project: str) -> Response:
        """Apply the body to the issues that the query names (contract section 1)."""
        at = timezone.now()
        scope = read_scope(request.META.get("QUERY_STRING", ""), project_id=self.project.pk)
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
        scope = read_scope(request.META.get("QUERY_STRING", ""), project_id=self.project.pk)

        outcome = deletion.delete(scope, by=self.caller, at=at, lock_timeout=settings.LOCK_TIMEOUT_SECONDS)

        return Response(status=status.HTTP_204_NO_CONTENT, headers=counting_headers(outcome))

    def _permalink(self, pk: int) -> str:
        path = reverse("admin:issues_issue_change", args=[pk])
        return f"{settings.BASE_URL}{path}" if settings.BASE_URL else self.request.build_absolute_uri(path)
