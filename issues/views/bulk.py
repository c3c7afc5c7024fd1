"""Issues in bulk: list, mutate and delete those that the query names."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from issues.mutation import IssueMutation, IssueScope, MutationOutcome
from issues.reading.lists import MAX_HITS, ListQuery, read_list
from issues.serializers.issues import write_list
from issues.serializers.list_query import KNOWN as KNOWN_TO_LIST
from issues.serializers.list_query import KNOWN_OF_ORGANIZATION, read_list_query, read_project_ids
from issues.serializers.outcomes import counting_headers, describe_outcome
from issues.serializers.scopes import KNOWN, WRONG_VALUES_NAMED, ScopeQuery, read_expected, read_scope_query
from issues.serializers.unknown_keys import refuse_body
from issues.services import bulk, deletion
from issues.services.ground import finding, names, targets
from issues.views.links import permalink
from issues.views.wishes import read_wish
from projects.acting import Act
from projects.api.ignored import KEYS_HEADER, ignored_header
from projects.api.pagination import link_header
from projects.api.viewsets import ApiViewSet, OrganizationViewSet, ProjectViewSet
from projects.models import Project
from projects.refusals import Refusal


class IssuesViewSet(ApiViewSet):
    """What the project's route and the organization's have in common."""

    def answer_list(self, asked: ListQuery, projects: Sequence[Project], *, at: datetime) -> HttpResponse:
        """Answer a page of the issues of these projects (contract section 2)."""
        found = read_list(asked, projects, by=self.caller, at=at)
        headers = {
            "Link": link_header(self.request, found.page),
            "X-Hits": str(found.hits),
            "X-Max-Hits": str(MAX_HITS),
        }
        body = write_list(found.items, found.names, found.stats, permalink=permalink(self.request))
        return HttpResponse(body, content_type="application/json", headers=headers)

    def read_mutation(self, organization_id: int, projects: Sequence[Project], *, at: datetime) -> IssueMutation:
        """Return what the body asks for, of issues of these projects.

        :raises ValidationError: it is no wish that can be understood, or names what isn't there.
        """
        return read_wish(self.request.data, organization_id=organization_id, projects=projects, by=self.caller, at=at)

    def refuse_unknown_names(
        self, query: ScopeQuery, projects: Sequence[Project], *, at: datetime, hidden: bool = False
    ) -> None:
        """See that what the search names is there, in one of these projects.

        :param hidden: whether merged children may be named.
        :raises UnknownName: it isn't, and negated would mean everything.
        """
        project_ids = [project.pk for project in projects]
        names.refuse_unknown(query.terms, project_ids, at=at, hidden=hidden)

    def refuse_body_of_deletion(self, query: ScopeQuery) -> None:
        """See that the body says nothing: the query alone says which issues go. Without ids in it, that is the answer.

        :raises ValidationError: it says something.
        """
        if query.ids is not None:
            refuse_body(self.request.data)

    def read_act(self, query: ScopeQuery) -> Act:
        """Return who asks, when, and how carefully.

        :raises ValidationError: the header that says how many issues are expected is no number.
        """
        return self.act(preview=query.preview, expected=read_expected(self.request.headers.get("Issues-Expected")))

    def answer_mutation(
        self,
        scopes: Sequence[IssueScope],
        mutation: IssueMutation,
        act: Act,
        *,
        missing: Sequence[int] = (),
    ) -> Response:
        """Apply the mutation to these issues; to none of them if any is ``missing``."""
        ignored = ignored_header(KEYS_HEADER, mutation.ignored_keys)
        if missing:
            return _no_content([MutationOutcome(out_of_scope=tuple(missing))], ignored)

        outcomes = bulk.mutate_each(scopes, mutation, act)

        if any(outcome.out_of_scope for outcome in outcomes):
            return _no_content(outcomes, ignored)
        answer = describe_outcome(mutation, outcomes, by=self.caller)
        return Response(answer, headers=counting_headers(outcomes) | ignored)

    def answer_deletion(self, scopes: Sequence[IssueScope], act: Act, *, missing: Sequence[int] = ()) -> Response:
        """Delete these issues; none of them if any is ``missing``."""
        if missing:
            return _no_content([MutationOutcome(out_of_scope=tuple(missing))])

        outcomes = deletion.delete_each(scopes, act)

        return _no_content(outcomes)


def _no_content(outcomes: Sequence[MutationOutcome], headers: Mapping[str, str] | None = None) -> Response:
    return Response(status=status.HTTP_204_NO_CONTENT, headers={**counting_headers(outcomes), **(headers or {})})


class ProjectIssuesViewSet(ProjectViewSet, IssuesViewSet):
    """The issues of one project. The project's path is the scope of all three methods."""

    known_parameters = {"list": KNOWN_TO_LIST}

    def list(self, request: Request, organization: str, project: str) -> HttpResponse:
        """Answer a page of issues (contract section 2)."""
        asked = read_list_query(request.query_params, by=self.caller)
        return self.answer_list(asked, [self.project], at=timezone.now())

    def bulk_mutate(self, request: Request, organization: str, project: str) -> Response:
        """Apply the body to the issues that the query names (contract section 1)."""
        query = self._query()
        act = self.read_act(query)
        mutation = self.read_mutation(self.project.organization_id, [self.project], at=act.at)
        self.refuse_unknown_names(query, [self.project], at=act.at, hidden=mutation.only_unmerges)
        return self.answer_mutation([query.in_project(self.project.pk)], mutation, act)

    def bulk_delete(self, request: Request, organization: str, project: str) -> Response:
        """Delete the issues that the query names (contract section 3)."""
        query = self._query()
        act = self.read_act(query)
        self.refuse_body_of_deletion(query)
        self.refuse_unknown_names(query, [self.project], at=act.at)
        return self.answer_deletion([query.in_project(self.project.pk)], act)

    def _query(self) -> ScopeQuery:
        known = KNOWN - {"project"}
        return read_scope_query(self.request.META.get("QUERY_STRING", ""), known=known, by=self.caller)


class OrganizationIssuesViewSet(OrganizationViewSet, IssuesViewSet):
    """The issues of the projects that the caller sees in an organization; ``project`` ids narrow (contract section 5).

    What is asked happens to each project by itself, with a mutation of its own, but in one transaction.
    """

    known_parameters = {"list": KNOWN_OF_ORGANIZATION}

    def list(self, request: Request, organization: str) -> HttpResponse:
        """Answer a page of issues (contract section 2)."""
        asked = read_list_query(request.query_params, period_narrows=True, by=self.caller)
        projects = self._projects(read_project_ids(request.query_params.getlist("project")))
        return self.answer_list(asked, projects, at=timezone.now())

    def bulk_mutate(self, request: Request, organization: str) -> Response:
        """Apply the body to the issues that the query names."""
        query = self._query()
        act = self.read_act(query)
        projects = self._projects(query.project_ids)
        scopes, missing = self._split(query, projects)
        concerned = {scope.project_id for scope in scopes}
        mutation = self.read_mutation(
            self.organization.pk, [project for project in projects if project.pk in concerned], at=act.at
        )
        self.refuse_unknown_names(query, projects, at=act.at, hidden=mutation.only_unmerges)
        if query.ids is None and not mutation.changes_status_only:
            raise targets.IdsRequired
        if query.ids is None and query.project_ids is None:
            raise ProjectRequired
        return self.answer_mutation(scopes, mutation, act, missing=missing)

    def bulk_delete(self, request: Request, organization: str) -> Response:
        """Delete the issues that the query names."""
        query = self._query()
        act = self.read_act(query)
        projects = self._projects(query.project_ids)
        scopes, missing = self._split(query, projects)
        self.refuse_body_of_deletion(query)
        self.refuse_unknown_names(query, projects, at=act.at)
        if query.ids is None:
            raise targets.IdsRequired
        return self.answer_deletion(scopes, act, missing=missing)

    def _query(self) -> ScopeQuery:
        return read_scope_query(self.request.META.get("QUERY_STRING", ""), by=self.caller)

    def _projects(self, project_ids: frozenset[int] | None) -> Sequence[Project]:
        """Return the projects that the caller sees, ascending; of these ids, if there are any.

        :raises ValidationError: one of them is no such project, which would otherwise narrow to nothing in silence.
        """
        visible = Project.objects.visible_to(self.caller).filter(organization=self.organization).order_by("pk")
        if project_ids is None:
            return list(visible)
        found = list(visible.filter(pk__in=project_ids))
        unknown = sorted(project_ids.difference(project.pk for project in found))
        if unknown:
            raise ValidationError(
                {"project": [f"There is no project {pk} here." for pk in unknown[:WRONG_VALUES_NAMED]]}
            )
        return found

    def _split(self, query: ScopeQuery, projects: Sequence[Project]) -> tuple[Sequence[IssueScope], Sequence[int]]:
        """Return the scope in each of these projects that the query is about, and the ids that are in none of them."""
        among = tuple(project.pk for project in projects)
        if query.ids is None:
            return [query.in_project(pk, among=among) for pk in among], []
        ids = finding.split_by_project(query.ids, among)
        missing = query.ids.difference(*ids.values())
        return [query.in_project(pk, found, among=among) for pk, found in ids.items()], sorted(missing)


class ProjectRequired(Refusal):
    """ "Update all" of a whole organization is what nobody means: it names the projects (contract section 5)."""

    sentence = "Name the issues with id, or at least one project with project, for this operation."
