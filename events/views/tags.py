"""The tags of an issue's events (contract 7.10)."""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from events.reading.tags import IN_ORDER, Tag, in_order, page_of, read_tag, read_tags
from events.serializers.asked import read_order
from events.serializers.tags import describe_tag, describe_value
from issues.views.single import OneIssueViewSet
from projects.api.pagination import PARAMETERS, link_header, read_page_query


class TagsViewSet(OneIssueViewSet):
    """What the tags of an issue's events are, over those that are kept."""

    known_parameters = {"list": PARAMETERS, "list_values": {*PARAMETERS, "sort"}}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of tags, by key, each with its most frequent values."""
        tags = read_tags(self.issue.project_id, self.issue.pk)
        page = page_of(tags, read_page_query(request, IN_ORDER))
        return Response(list(map(describe_tag, page.rows)), headers={"Link": link_header(request, page)})

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer one of them."""
        return Response(describe_tag(self._tag(kwargs["key"])))

    def list_values(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of the values of one of them."""
        tag = self._tag(kwargs["key"])
        values = in_order(tag.values, read_order(request.query_params))
        page = page_of(values, read_page_query(request, IN_ORDER))
        described = [describe_value(tag.key, value) for value in page.rows]
        return Response(described, headers={"Link": link_header(request, page)})

    def _tag(self, key: str) -> Tag:
        """Return the tag of this key.

        :raises Http404: no event that is kept has it.
        """
        tag = read_tag(self.issue.project_id, self.issue.pk, key)
        if tag is None:
            raise Http404
        return tag
