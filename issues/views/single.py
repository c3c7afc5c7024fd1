"""One issue, named by the path: by id, or by short id within an organization (contract section 5)."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from issues import answers
from issues.models import Issue
from issues.mutation import NamedIssues
from issues.reading import named
from issues.reading.whole import read_whole
from issues.serializers.issues import describe_short_id, describe_whole
from issues.serializers.outcomes import counting_headers
from issues.serializers.scopes import read_expected
from issues.serializers.unknown_keys import refuse_body
from issues.services import bulk, deletion
from issues.views.links import permalink
from issues.views.wishes import read_wish
from projects.acting import Act
from projects.api.ignored import KEYS_HEADER, ignored_header
from projects.api.parameters import refuse_parameters
from projects.api.viewsets import ApiViewSet
from projects.models import Organization, Project
from projects.querysets import is_id
from projects.refusals import Refusal


class IssueGone(Refusal):
    """The issue was deleted since it was found."""

    status = 404
    sentence = "Not found."


class MergedAway(Refusal):
    """The issue is hidden in another one, and what was asked can't be done there (contract section 5)."""

    status = 404

    def __init__(self, named: Issue, shown: Issue) -> None:
        super().__init__(f"Issue {named.pk} was merged into {shown.pk}.")


class OneIssueViewSet(ApiViewSet):
    """Something of one issue of a project that the caller sees.

    ``named`` is the issue that the path names. ``issue`` is what a read of it shows: itself, or, while it is merged,
    the one that it was merged into. With an organization in the path, it is one of that organization.
    """

    named: Issue
    issue: Issue

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the credential and its scopes, then find the issue: a stranger's is as unknown as one that isn't."""
        super().initial(request, *args, **kwargs)
        projects = Project.objects.visible_to(self.caller)
        if "organization" in kwargs:
            organizations = Organization.objects.visible_to(self.caller).named(kwargs["organization"])
            projects = projects.filter(organization__in=list(organizations.values_list("pk", flat=True)))
        elif not is_id(kwargs["issue"]):  # a short id names one issue in each organization
            raise Http404
        self.find(projects, kwargs["issue"])

    def find(self, projects: QuerySet[Project], word: str) -> None:
        """Find the issue that a word names, and the one that shows it."""
        found = named.find(projects.values("pk"), word)
        if found is None:
            raise Http404
        self.named, self.issue = found.named, found.shown

    def refuse_merged(self) -> None:
        """Answer 404 if the named issue is merged into another: nothing is ever applied to that one instead.

        :raises MergedAway: it is.
        """
        if self.named.pk != self.issue.pk:
            raise MergedAway(self.named, self.issue)

    def went_away(self) -> Refusal:
        """Return the answer for an issue that was deleted or merged since it was found."""
        found = named.find([self.named.project_id], str(self.named.pk))
        if found is None or found.named.pk == found.shown.pk:
            return IssueGone()
        return MergedAway(found.named, found.shown)


class IssueViewSet(OneIssueViewSet):
    """The whole of one issue. PUT is the bulk one's service with a set of one."""

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer the issue, whole; for a merged one, the issue that shows it."""
        return Response(self._whole(self.issue))

    def update(self, request: Request, **kwargs: str) -> Response:
        """Apply the body to the issue, and answer it whole."""
        refuse_parameters(request)
        act = self._act()
        project = self.named.project
        mutation = read_wish(
            request.data, organization_id=project.organization_id, projects=[project], by=self.caller, at=act.at
        )
        if not mutation.only_unmerges:
            self.refuse_merged()

        outcome = bulk.mutate(self._scope(), mutation, act)

        if outcome.out_of_scope:
            raise self.went_away()
        headers = counting_headers([outcome]) | ignored_header(KEYS_HEADER, mutation.ignored_keys)
        return Response(self._whole(self.named), headers=headers)

    def destroy(self, request: Request, **kwargs: str) -> Response:
        """Delete the issue, with what was merged into it."""
        refuse_parameters(request)
        act = self._act()
        refuse_body(request.data)
        self.refuse_merged()

        outcome = deletion.delete(self._scope(), act)

        if outcome.out_of_scope:
            raise self.went_away()
        return Response(status=status.HTTP_202_ACCEPTED, headers=counting_headers([outcome]))

    def _act(self) -> Act:
        """Return how the headers ask for it: of one issue there is only one number fits, and others are a mistake."""
        return self.act(expected=read_expected(self.request.headers.get("Issues-Expected")))

    def _scope(self) -> NamedIssues:
        return NamedIssues(self.named.project_id, ids=frozenset({self.named.pk}))

    def _whole(self, issue: Issue) -> answers.WholeIssue:
        whole = read_whole(issue, by=self.caller, at=timezone.now())
        if whole is None:
            raise Http404
        return describe_whole(whole, permalink=permalink(self.request))


class ShortIdViewSet(IssueViewSet):
    """What a short id stands for; clients ask this before anything else."""

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer which issue it is, and where; for a merged one, the issue that shows it."""
        return Response(describe_short_id(self.issue, self._whole(self.issue)))
