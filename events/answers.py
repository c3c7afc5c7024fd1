"""What answers hold of events: types that mypy checks and of which the API's document is made."""

from typing import Annotated, Any, TypedDict

from events.models import LossSource
from issues.answers import Anything, IssueOfHash, Nothing, Release
from projects.answers import Count, Hex, Id, NoList, Time
from projects.json_schema import About, Form, one_of_words


class LostOnADay(TypedDict):
    """What did not become an event."""

    day: Annotated[str, Form({"type": "string", "format": "date"}), About("In UTC.")]
    reason: Annotated[
        str,
        About(
            "Of the server: `rate_limit`, `backlog`, `too_large`, `invalid`, `unknown_encoding`, `unavailable`, "
            "`internal_error`; `not_kept`, what it has no use for; `again`, what it had already. Of a client: its own "
            "word, or `other`."
        ),
    ]
    category: Annotated[
        str, About("A word of `X-Sentry-Rate-Limits`; `default` for an envelope that was refused before it was read.")
    ]
    source: Annotated[str, Form(one_of_words(*LossSource.values)), About("Who knows of it.")]
    quantity: Count


# ---------------------------------------------------------------------------------------------------------------------
# Whole events
# ---------------------------------------------------------------------------------------------------------------------


class EventTag(TypedDict):
    key: str
    value: str


class EventUser(TypedDict):
    id: str | None
    email: str | None
    username: str | None
    ip_address: str | None
    name: str | None
    data: Annotated[Anything, About("What else the program said.")]


class NameOfError(TypedDict):
    name: Annotated[str, About("Of the field that could not be read.")]


class EventError(TypedDict):
    type: str
    message: str
    data: NameOfError


class Entry(TypedDict):
    """A part of an event. In its data, what is unknown is left out or empty, and never null."""

    type: Annotated[str, Form(one_of_words("exception", "message", "threads", "breadcrumbs", "request", "csp"))]
    data: Anything


class _Event(TypedDict):
    """What a whole event and an item of a list have in common."""

    id: Hex
    eventID: Hex
    groupID: Annotated[Id | None, About("The issue; null until there is one.")]
    projectID: Id
    title: str
    message: Annotated[str, About("What was said; the title, where nothing was.")]
    culprit: str
    type: Annotated[str, About("`error`, `csp`, `default`.")]
    platform: str | None
    metadata: Anything
    location: str | None
    dateCreated: Annotated[Time, About("When it was seen.")]
    dateReceived: Time
    size: Annotated[Count, About("Of what is kept of it, in bytes of JSON.")]
    dist: str | None
    user: EventUser | None
    sdk: dict[str, str]
    errors: list[EventError]
    tags: list[EventTag]
    fingerprints: list[str]


class Event(_Event):
    """A whole event. Where none is kept of an issue, it is made from the issue."""

    release: Release | None
    contexts: dict[str, Anything]
    context: Annotated[Anything, About("What else the program said.")]
    packages: Anything
    entries: Annotated[list[Entry], About("In the order of the words of `type`.")]
    previousEventID: Annotated[Hex | None, About("Within the issue, by the time it was seen.")]
    nextEventID: Hex | None
    occurrence: None
    _meta: Nothing
    userReport: None
    sdkUpdates: NoList
    resolvedWith: NoList


# A key that no attribute can be called.
_OfLists = TypedDict("_OfLists", {"event.type": str, "crashFile": None})


class EventItem(_Event, _OfLists):
    """An item of a list, without its parts."""


class WholeEventItem(Event, _OfLists):
    """An item of a list with `full=true`."""


class EventById(TypedDict):
    organizationSlug: str
    projectSlug: str
    groupId: Id | None
    eventId: Hex
    event: Event


class Hash(TypedDict):
    id: str
    issue: IssueOfHash
    latestEvent: Event


class TagValue(TypedDict):
    key: str
    name: str
    value: str
    count: Count
    firstSeen: Time
    lastSeen: Time


class TagOfIssue(TypedDict):
    """What a tag is in the events that are kept of an issue."""

    key: str
    name: str
    totalValues: Annotated[Count, About("So many of the kept events have it.")]
    uniqueValues: Count
    topValues: Annotated[list[TagValue], About("Those of most events, the most frequent first.")]


NAMED: dict[str, Any] = {
    kind.__name__: kind
    for kind in (LostOnADay, Event, EventItem, WholeEventItem, EventById, Hash, TagValue, TagOfIssue)
}
