"""The history of a project: what was asked and done, and taking it back."""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from issues.reading import history
from issues.serializers.history import describe_mutation, describe_mutation_in_full, describe_undo
from issues.serializers.outcomes import counting_headers
from issues.serializers.scopes import read_expected, read_id, read_preview_alone
from issues.serializers.unknown_keys import refuse_body
from issues.services import undo
from projects.api.pagination import PARAMETERS, link_header, read_page_query
from projects.api.viewsets import ProjectViewSet


class MutationsViewSet(ProjectViewSet):
    """The requests that changed something in one project (contract section 6)."""

    known_parameters = {"list": PARAMETERS, "retrieve": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of mutations, newest first; fewer than asked for where they are large."""
        page = history.read_mutations(self.project.pk, read_page_query(request, history.NEWEST_FIRST), by=self.caller)
        return Response(list(map(describe_mutation, page.rows)), headers={"Link": link_header(request, page)})

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer one mutation, with a page of the issues that it changed, by their ids."""
        mutation = history.find_mutation(self.project.pk, read_id(kwargs["mutation"]) or 0)
        if mutation is None:
            raise Http404
        asked = read_page_query(request, history.sort_of_changes(mutation))
        told, page, changes = history.read_changes(mutation, asked, by=self.caller)
        return Response(describe_mutation_in_full(told, changes), headers={"Link": link_header(request, page)})

    def undo(self, request: Request, **kwargs: str) -> Response:
        """Put back what the mutation changed, where that still is what it left."""
        preview = read_preview_alone(request.META.get("QUERY_STRING", ""))
        act = self.act(preview=preview, expected=read_expected(request.headers.get("Issues-Expected")))
        refuse_body(request.data)
        pk = read_id(kwargs["mutation"]) or 0

        try:
            outcome = undo.undo(self.project.pk, pk, act)
        except undo.UnknownMutation as error:
            raise Http404 from error
        return Response(describe_undo(pk, outcome), headers=counting_headers([outcome]))
