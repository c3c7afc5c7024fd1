"""Whole events: of an issue, of a project, by id."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from events.meaning.fitting import Data
from events.meaning.packing import size_of, unpack
from events.reading import kept
from events.reading.kept import Row, Span
from events.reading.shapes import EventShown, Place
from events.reading.shaping import shape
from events.reading.trees import Tree
from projects.database.keyset import Key, Position, Sort
from projects.pages import Page, refuse_foreign

NEWEST_FIRST, OLDEST_FIRST = Sort("seen_at"), Sort("seen_at", descending=False)
AHEAD = timedelta(minutes=1)  # of the time an event came: it is seen no later (contract 7.5)

MOST_ID = 2**128 - 1  # an event's id as a number
MOST_EXAMINED = 2_000  # events, by one request that looks for some of them
AT_ONCE = 200
# Unpacked. An event of 1 MiB may be a few hundred bytes as it is stored, and takes forty times as much in memory.
MOST_BYTES_SHOWN = 8 * 2**20  # of a page
MOST_BYTES_EXAMINED = 64 * 2**20  # for a page

Word = Literal["latest", "oldest", "recommended"]
Holds = Callable[[Mapping[str, Any]], bool]  # of what is kept of an event


@dataclass(frozen=True, slots=True)
class EventsAsked:
    """Which events of a list are asked for.

    :ivar position: by ``NEWEST_FIRST`` or ``OLDEST_FIRST``; its key is a time and an event's id as a number.
    :ivar holds: what must be so of an event; None: of any.
    :ivar most: among how many events it is looked for what holds; None: ``MOST_EXAMINED``.
    :ivar has_entries: whether the parts of each event are wanted.
    """

    position: Position
    limit: int
    start: datetime | None = None
    end: datetime | None = None
    holds: Holds | None = None
    most: int | None = None
    has_entries: bool = True


# ---------------------------------------------------------------------------------------------------------------------
# Lists
# ---------------------------------------------------------------------------------------------------------------------


def read_events(project_id: int, issue_id: int, asked: EventsAsked) -> Page[EventShown]:
    """Return a page of the events that are kept of an issue, and of what was merged into it.

    What is asked of single events is looked for among so many (``asked.most``) of them: a page may then have fewer
    than there are, or none, and more after it. It has fewer of large ones, too.

    :raises ForeignCursor: the cursor is of another list.
    """
    tree = Tree(project_id, issue_id)
    return _page(tree.read, asked, lambda rows: dict.fromkeys((row.fingerprint for row in rows), issue_id))


def read_events_of_project(project_id: int, asked: EventsAsked, *, at: datetime) -> Page[EventShown]:
    """Return a page of the events that are kept of a project, as :func:`read_events` does; counted or not."""

    def read(span: Span, limit: int) -> list[Row]:
        return kept.of_project(project_id, span, limit, at=at + AHEAD)

    return _page(read, asked, lambda rows: kept.issues_of(project_id, {row.fingerprint for row in rows}))


def _page(
    read: Callable[[Span, int], list[Row]],
    asked: EventsAsked,
    issues: Callable[[Sequence[Row]], Mapping[UUID, int]],
) -> Page[EventShown]:
    position = asked.position
    refuse_foreign(position, lambda key: False)
    older = position.sort.descending is not position.backwards
    span = Span(older, _place(position), asked.start, asked.end)
    found: list[tuple[Row, EventShown]] = []
    examined, is_end, last = 0, False, position.key
    most_examined = MOST_EXAMINED if asked.most is None else asked.most
    bytes_examined = bytes_shown = 0

    def is_enough() -> bool:
        return bytes_shown >= MOST_BYTES_SHOWN or bytes_examined >= MOST_BYTES_EXAMINED

    while len(found) <= asked.limit and not is_end and examined < most_examined and not is_enough():
        most = asked.limit + 1 if asked.holds is None else AT_ONCE
        rows = read(span, most)
        is_end = len(rows) < most
        for row in rows:
            if is_enough():
                is_end = False
                break
            examined += 1
            packed = bytes(row.data)
            data = unpack(packed)
            bytes_examined += size_of(packed)
            if asked.holds is None or asked.holds(data):
                found.append((row, _shown(row, data, None, has_entries=asked.has_entries)))
                bytes_shown += size_of(packed)
                if len(found) > asked.limit:
                    break
            last = _key(row)  # up to here, nothing is missing from the page
        if rows:
            span = replace(span, beyond=rows[-1].place)
    more = len(found) > asked.limit or not is_end
    shown = found[: asked.limit]
    keys = [_key(row) for row, _ in shown[:1]] + ([last] if last is not None else [])
    if position.backwards:
        shown.reverse()
        keys.reverse()
    of = issues([row for row, _ in shown]) if shown else {}
    return Page(
        rows=[replace(event, issue_id=of.get(row.fingerprint)) for row, event in shown],
        keys=keys if shown or more else _around_nothing(position),
        has_previous=more if position.backwards else position.key is not None,
        has_next=position.backwards or more,
        asked=position,
    )


def _place(position: Position) -> Place | None:
    return None if position.key is None else Place(position.key[0], UUID(int=position.key[1]))


def _around_nothing(position: Position) -> list[Key]:
    """Return what the links of an empty page lead on from.

    A cursor leaves out the event that it names. The way back must begin with that one, or it would be lost: it names
    what would stand beside it.
    """
    if position.key is None:
        return []
    value, number = position.key
    towards_start = 1 if position.sort.descending else -1
    beside = number + towards_start if position.backwards else number - towards_start
    back = (value, min(max(beside, 0), MOST_ID))
    return [position.key, back] if position.backwards else [back, position.key]


def _key(row: Row) -> Key:
    return row.seen_at, row.event_id.int


def _shown(row: Row, data: Data, issue_id: int | None, *, has_entries: bool = True) -> EventShown:
    return shape(
        data,
        project_id=row.project_id,
        issue_id=issue_id,
        event_id=row.event_id,
        fingerprint=row.fingerprint,
        seen_at=row.seen_at,
        received_at=row.received_at,
        has_entries=has_entries,
    )


# ---------------------------------------------------------------------------------------------------------------------
# One
# ---------------------------------------------------------------------------------------------------------------------


def read_event(project_id: int, issue_id: int, which: Word | UUID) -> EventShown | None:
    """Return an event of an issue, or of what was merged into it, with those before and after it.

    The recommended one is the latest. None when there is none such, or it is not kept any more.
    """
    if isinstance(which, UUID):
        row = kept.by_id([project_id], which, of_issue=issue_id)
        return None if row is None else _with_neighbours(row, issue_id)
    older = which != "oldest"
    rows = Tree(project_id, issue_id).read(Span(older), 2)
    if not rows:
        return None
    event = _shown(rows[0], unpack(bytes(rows[0].data)), issue_id)
    beside = rows[1].event_id if len(rows) > 1 else None
    return replace(event, previous_id=beside) if older else replace(event, next_id=beside)


def read_event_of_projects(project_ids: Iterable[int], event_id: UUID) -> EventShown | None:
    """Return the event of this id in one of these projects, as soon as it was taken in; None when it is not kept.

    Before it is counted, it may be of no issue.
    """
    row = kept.by_id(project_ids, event_id)
    if row is None:
        return None
    issue_id = kept.issues_of(row.project_id, [row.fingerprint]).get(row.fingerprint)
    if issue_id is None:
        return _shown(row, unpack(bytes(row.data)), None)
    return _with_neighbours(row, issue_id)


def _with_neighbours(row: Row, issue_id: int) -> EventShown:
    previous, following = (Tree(row.project_id, issue_id).read(Span(older, row.place), 1) for older in (True, False))
    return replace(
        _shown(row, unpack(bytes(row.data)), issue_id),
        previous_id=previous[0].event_id if previous else None,
        next_id=following[0].event_id if following else None,
    )


def read_latest_of(project_id: int, issue_id: int, fingerprints: Iterable[UUID]) -> dict[UUID, EventShown]:
    """Return the latest event that is kept of each of these fingerprints; the issue is that which shows them."""
    known = kept.fingerprints(project_id, fingerprints)
    rows = kept.of_fingerprints(project_id, known, Span(), 1, each=True)
    return {row.fingerprint: _shown(row, unpack(bytes(row.data)), issue_id) for row in rows}


# ---------------------------------------------------------------------------------------------------------------------
# Whose
# ---------------------------------------------------------------------------------------------------------------------


def find_issue_of_event(project_ids: Iterable[int], event_id: UUID) -> int | None:
    """Return the issue, among these projects', that shows the event of this id; whether it is kept or not.

    Of one that is not kept any more, its id and its time tell: an issue that was made of the same fingerprint after
    that one's was deleted was not seen then.
    """
    ids = list(project_ids)
    row = kept.by_id(ids, event_id)
    if row is not None:
        return kept.issues_of(row.project_id, [row.fingerprint]).get(row.fingerprint)
    for project_id, fingerprint, seen_at in kept.fingerprints_known_by(ids, event_id):
        issue_id = kept.issues_of(project_id, [fingerprint]).get(fingerprint)
        if issue_id is None:
            continue
        own = kept.fingerprints(project_id, [fingerprint])
        if any(one.first_seen <= seen_at <= one.last_seen and one.forgotten_at is None for one in own):
            return issue_id
    return None
