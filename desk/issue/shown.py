"""The event that the page of an issue shows, and the ways to the others; the tags of all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from desk.issue.particulars import Particulars, particulars_of
from desk.issue.tags import TagShown, address_of, linked
from desk.issue.traces import Trace, trace_of
from desk.issue.ways import Origin
from desk.texts import visible
from events.reading.shapes import EventShown
from events.reading.tags import Tag
from issues.models import Issue

MOST_TAGS = 30
SHARES = 5  # values of a tag
WHOLE = "whole"  # the parameter that asks for every frame


@dataclass(frozen=True, slots=True)
class Way:
    """A word that leads to another event; without an address, there is none."""

    word: str
    address: str = ""
    rel: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An event, as the page shows it. ``word`` says which one of the kept it is."""

    id: str
    word: str
    seen_at: datetime
    environment: str
    release: str
    tags: tuple[TagShown, ...]
    ways: tuple[Way, ...]
    json: str
    whole: str
    trace: Trace
    particulars: Particulars


def shown_event(event: EventShown, issue: Issue, origin: Origin, *, whole: bool) -> Shown:
    return Shown(
        id=event.id.hex,
        word=_which(event),
        seen_at=event.seen_at,
        environment=visible(event.environment),
        release=visible(event.release),
        tags=linked(event.tags, issue, origin),
        ways=tuple(_ways(event, issue, origin)),
        json=_json(event, issue),
        whole=f"{origin.of('desk:event', issue.pk, event.id.hex, **{WHOLE: '1'})}#trace",
        trace=trace_of(event.entries, whole=whole),
        particulars=particulars_of(event),
    )


def _which(event: EventShown) -> str:
    if event.next_id is None:
        return "Newest event" if event.previous_id is not None else "The one kept event"
    return "Event" if event.previous_id is not None else "Oldest kept event"


def _ways(event: EventShown, issue: Issue, origin: Origin) -> Iterator[Way]:
    def to(word: str, which: UUID | str | None, rel: str = "", key: str = "") -> Way:
        name = which.hex if isinstance(which, UUID) else which
        return Way(word) if name is None else Way(word, origin.of("desk:event", issue.pk, name), rel, key)

    yield to("Newest", "latest" if event.next_id is not None else None)
    yield to("Newer", event.next_id, key="]")
    yield to("Older", event.previous_id, key="[")
    yield to("Oldest", "oldest" if event.previous_id is not None else None)


def _json(event: EventShown, issue: Issue) -> str:
    """Return the address of the same event in the API."""
    project = issue.project
    return f"/api/0/projects/{project.organization.slug}/{project.slug}/events/{event.id.hex}/"


# ---------------------------------------------------------------------------------------------------------------------
# Tags
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    value: str
    address: str  # of the events that have it; empty where a search can't say it
    percent: int
    count: int


@dataclass(frozen=True, slots=True)
class TagShares:
    """A tag with its most frequent values; ``others`` are how many values more there are."""

    key: str
    shares: tuple[Share, ...]
    others: int


def shares_of(tags: Iterable[Tag], issue: Issue, origin: Origin) -> list[TagShares]:
    """Return the tags with their shares: those that most events have first."""
    found = sorted(tags, key=lambda tag: (-tag.total, tag.key))[:MOST_TAGS]
    return [
        TagShares(
            visible(tag.key),
            tuple(
                Share(
                    visible(v.value), address_of(tag.key, v.value, issue, origin), _percent(v.count, tag.total), v.count
                )
                for v in tag.values[:SHARES]
            ),
            others=max(len(tag.values) - SHARES, 0),
        )
        for tag in found
    ]


def _percent(count: int, of: int) -> int:
    """Return a share in percent: what is not nothing, and not all, is shown so."""
    return min(max(round(100 * count / of), 1), 100 if count == of else 99)
