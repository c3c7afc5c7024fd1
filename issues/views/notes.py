"""The history of one issue, and what people write there."""

from django.http import Http404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from issues import answers
from issues.models import Activity
from issues.reading.activities import NEWEST_FIRST, find_note, read_activities
from issues.serializers.activities import NoteSerializer, describe_activity
from issues.serializers.scopes import read_id
from issues.services import notes
from issues.views.single import OneIssueViewSet
from projects.api.pagination import PARAMETERS, link_header, read_page_query
from projects.api.parameters import refuse_parameters
from projects.refusals import Refusal


class AuthorRequired(Refusal):
    """A note has an author."""

    status = 403
    sentence = "An API key is nobody in particular, and a note has an author; use a user's token."


class NotTheAuthor(Refusal):
    """The note is somebody else's."""

    status = 403
    sentence = "Only who wrote a note may change it."


class ActivitiesViewSet(OneIssueViewSet):
    """What happened to an issue and to what was merged into it, notes among it."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of activities, newest first, under the key ``activity``; fewer where they are large."""
        page = read_activities(self.issue, read_page_query(request, NEWEST_FIRST))
        described: answers.Activities = {"activity": [describe_activity(activity) for activity in page.rows]}
        return Response(described, headers={"Link": link_header(request, page)})


class NotesViewSet(OneIssueViewSet):
    """What people wrote about an issue, and about what was merged into it. Everybody who sees the issue reads it; who
    wrote it may change it, on its own issue, while that is not merged."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of notes, newest first; fewer where they are large."""
        page = read_activities(self.issue, read_page_query(request, NEWEST_FIRST), notes_only=True)
        return Response(list(map(describe_activity, page.rows)), headers={"Link": link_header(request, page)})

    def create(self, request: Request, **kwargs: str) -> Response:
        """Write a note, and answer it."""
        self._author()  # there must be one
        refuse_parameters(request)
        text = self._text(request)
        self.refuse_merged()

        note = notes.add(self.issue, text, self.act())

        if note is None:
            raise self.went_away()
        note.user = self.caller.user  # not read again: an account that is gone by now has still written it
        return Response(describe_activity(note), status=status.HTTP_201_CREATED)

    def update(self, request: Request, **kwargs: str) -> Response:
        """Replace the text of one's own note, and answer it."""
        note = self._own_note(kwargs["note"])
        refuse_parameters(request)
        text = self._text(request)

        if not notes.edit(note, text, self.act()):
            raise self.went_away()
        note.data = {"text": text}
        return Response(describe_activity(note))

    def destroy(self, request: Request, **kwargs: str) -> Response:
        """Delete one's own note."""
        note = self._own_note(kwargs["note"])
        refuse_parameters(request)

        if not notes.remove(note, self.act()):
            raise self.went_away()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _text(self, request: Request) -> str:
        serializer = NoteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        text: str = serializer.validated_data["text"]
        return text

    def _author(self) -> int:
        if self.caller.user_id is None:
            raise AuthorRequired
        return self.caller.user_id

    def _own_note(self, word: str) -> Activity:
        author = self._author()
        self.refuse_merged()
        note = find_note(self.issue, read_id(word) or 0)
        if note is None:
            raise Http404
        if note.user_id != author:
            raise NotTheAuthor
        return note
