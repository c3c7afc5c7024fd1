"""Whole events, by their issue, their project, or their id; and the fingerprints that they have (contract 7.10)."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from events import answers
from events.reading import made
from events.reading.events import (
    Word,
    read_event,
    read_event_of_projects,
    read_events,
    read_events_of_project,
    read_latest_of,
)
from events.reading.shapes import EventShown
from events.serializers.asked import OF_LISTS, ListAsked, read_event_id, read_list_asked
from events.serializers.hashes import describe_hash
from events.serializers.whole import describe_event, describe_item, describe_whole_item
from issues.answers import Release
from issues.reading.events import OLDEST_FIRST, read_hashes
from issues.reading.releases import read_releases_of
from issues.serializers.releases import describe_release
from issues.views.single import OneIssueViewSet
from projects.api.pagination import PARAMETERS, link_header, read_page_query
from projects.api.viewsets import OrganizationViewSet, ProjectViewSet
from projects.models import Project
from projects.pages import Page

WORDS: dict[str, Word] = {"latest": "latest", "oldest": "oldest", "recommended": "recommended"}


class IssueEventsViewSet(OneIssueViewSet):
    """The events of an issue, and of what was merged into it."""

    known_parameters = {"list": OF_LISTS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of those that are kept."""
        asked = read_list_asked(request.query_params, at=timezone.now())
        page = read_events(self.issue.project_id, self.issue.pk, asked.events)
        return answer_page(request, page, asked, self.issue.project)

    def retrieve(self, request: Request, **kwargs: str) -> Response:
        """Answer one of them, whole; where none is kept, the one that is made from the issue."""
        event = self._find(kwargs["event"])
        if event is None:
            raise Http404
        return Response(describe(event, self.issue.project))

    def _find(self, word: str) -> EventShown | None:
        project_id, issue_id = self.issue.project_id, self.issue.pk
        which = WORDS.get(word) or read_event_id(word)
        if which is None:
            return None
        event = read_event(project_id, issue_id, which)
        if event is not None or which not in {*WORDS, made.id_of(issue_id)}:
            return event
        is_kept = isinstance(which, UUID) and read_event(project_id, issue_id, "latest") is not None
        return None if is_kept else made.read_made(project_id, issue_id)


class ProjectEventsViewSet(ProjectViewSet):
    """The events of a project, counted or not."""

    known_parameters = {"list": OF_LISTS}

    def list(self, request: Request, organization: str, project: str) -> Response:
        """Answer a page of those that are kept."""
        now = timezone.now()
        asked = read_list_asked(request.query_params, at=now)
        page = read_events_of_project(self.project.pk, asked.events, at=now)
        return answer_page(request, page, asked, self.project)

    def retrieve(self, request: Request, organization: str, project: str, event: str) -> Response:
        """Answer one of them, whole, as soon as it was taken in."""
        found = find_event([self.project], event)
        if found is None:
            raise Http404
        return Response(describe(found, self.project))


class EventIdViewSet(OrganizationViewSet):
    """Where the event is that an id stands for, among the projects that the caller sees."""

    def retrieve(self, request: Request, organization: str, event: str) -> Response:
        """Answer the event, its project and its issue."""
        projects = Project.objects.visible_to(self.caller).filter(organization=self.organization)
        by_id = {project.pk: project for project in projects}
        found = find_event(by_id.values(), event)
        if found is None:
            raise Http404
        project = by_id[found.project_id]
        described = describe(found, project)
        answer: answers.EventById = {
            "organizationSlug": self.organization.slug,
            "projectSlug": project.slug,
            "groupId": described["groupID"],
            "eventId": described["eventID"],
            "event": described,
        }
        return Response(answer)


class HashesViewSet(OneIssueViewSet):
    """The fingerprints whose events count for an issue: its own, and those of what was merged into it."""

    known_parameters = {"list": PARAMETERS}

    def list(self, request: Request, **kwargs: str) -> Response:
        """Answer a page of fingerprints, each with the issue that it belongs to, and its latest event."""
        page = read_hashes(self.issue, read_page_query(request, OLDEST_FIRST))
        latest = read_latest_of(self.issue.project_id, self.issue.pk, (UUID(row.hash) for row in page.rows))
        events = [latest.get(UUID(row.hash)) or made.made_from(row.issue, shown_by=self.issue.pk) for row in page.rows]
        releases = releases_of(events, self.issue.project)
        described = [
            describe_hash(row, describe_event(event, releases.get(event.release)))
            for row, event in zip(page.rows, events, strict=True)
        ]
        return Response(described, headers={"Link": link_header(request, page)})


def find_event(projects: Iterable[Project], word: str) -> EventShown | None:
    """Return the event of these projects that an id stands for; where it stands for an issue, the one made from that,
    unless there are events of it."""
    event_id = read_event_id(word)
    if event_id is None:
        return None
    ids = [project.pk for project in projects]
    return read_event_of_projects(ids, event_id) or made.read_made_of_projects(ids, event_id)


def describe(event: EventShown, project: Project) -> answers.Event:
    return describe_event(event, releases_of([event], project).get(event.release))


def answer_page(request: Request, page: Page[EventShown], asked: ListAsked, project: Project) -> Response:
    """Answer a page of events, whole ones if they are asked for."""
    body: Sequence[object]
    if asked.is_full:
        releases = releases_of(page.rows, project)
        body = [describe_whole_item(event, releases.get(event.release)) for event in page.rows]
    else:
        body = [describe_item(event) for event in page.rows]
    return Response(body, headers={"Link": link_header(request, page)})


def releases_of(events: Iterable[EventShown], project: Project) -> dict[str, Release]:
    """Return the releases that these events name, by version; none for one that the project doesn't have."""
    versions = {event.release for event in events if event.release}
    if not versions:
        return {}
    found, around = read_releases_of(versions, project)
    return {version: describe_release(gathered, around) for version, gathered in found.items()}
