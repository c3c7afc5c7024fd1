"""The history of a project: what was asked and done, and taking it back."""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from issues.models import Activity, Issue, Mutation
from issues.querysets import size_of_mutation
from issues.serializers.history import describe_mutation, describe_undo, read_changes, read_undone_by
from issues.serializers.outcomes import counting_headers
from issues.serializers.scopes import read_expected, read_id, read_preview_alone
from issues.services import undo
from issues.services.ground import history
from issues.services.verbs.merging import NO_LINKS, read_links
from projects.api.pagination import PARAMETERS, paginate
from projects.api.viewsets import ProjectViewSet
from projects.database.keyset import Sort

NEWEST_FIRST = Sort("id")
MAX_SIZE = 2**20  # bytes of a page of the history: one request may name a hundred thousand ids, a page has a hundred
MARKS = ("seen_ids", "bookmark_ids", "subscription_ids")  # as long, and not shown in lists
BY_ISSUE, BY_ID = Sort("issue_id", descending=False), Sort("id", descending=False)


class MutationsViewSet(ProjectViewSet):
    """The requests that changed something in one project (contract section 6)."""

    known_parameters = {"list": PARAMETERS, "retrieve": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of mutations, newest first; fewer than asked for where they are large."""
        found = Mutation.objects.filter(project=self.project).select_related("user", "api_key").defer(*MARKS)
        mutations, headers = paginate(request, found, NEWEST_FIRST, weight=size_of_mutation(), max_weight=MAX_SIZE)
        undone_by, scopes = read_undone_by(mutations), history.read_scopes_shown(mutations)
        described = [
            describe_mutation(mutation, undone_by, scopes, body=history.body_shown_to(mutation, self.caller))
            for mutation in mutations
        ]
        return Response(described, headers=headers)

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer one mutation, with a page of the issues that it changed, by their ids."""
        mutation = self._mutation(kwargs["mutation"])
        with_marks = history.shows_marks_to(mutation, self.caller)
        if mutation.ids is None:  # "all" may be millions: read from the index, in its order
            links = NO_LINKS
            activities, headers = paginate(request, Activity.objects.filter(mutation_id=mutation.pk), BY_ISSUE)
            ids = [activity.issue_id for activity in activities]
        else:
            links = read_links(mutation.pk)
            named = sorted(undo.issues_of(mutation, links, with_marks=with_marks))
            issues, headers = paginate(request, Issue.objects.with_ids(self.project.pk, named), BY_ID)
            ids = [issue.pk for issue in issues]
        changes = read_changes(mutation, ids, made=links.made, cut=links.cut, with_marks=with_marks)
        undone_by, scopes = read_undone_by([mutation]), history.read_scopes_shown([mutation])
        described = describe_mutation(mutation, undone_by, scopes, body=history.body_shown_to(mutation, self.caller))
        return Response({**described, "issues": changes}, headers=headers)

    def undo(self, request: Request, **kwargs: str) -> Response:
        """Put back what the mutation changed, where that still is what it left."""
        preview = read_preview_alone(request.META.get("QUERY_STRING", ""))
        act = self.act(preview=preview, expected=read_expected(request.headers.get("Issues-Expected")))
        pk = read_id(kwargs["mutation"]) or 0

        try:
            outcome = undo.undo(self.project.pk, pk, act)
        except undo.UnknownMutation as error:
            raise Http404 from error
        return Response(describe_undo(pk, outcome), headers=counting_headers([outcome]))

    def _mutation(self, word: str) -> Mutation:
        found = Mutation.objects.filter(project=self.project, pk=read_id(word) or 0)
        mutation = found.select_related("user", "api_key").first()
        if mutation is None:
            raise Http404
        return mutation
