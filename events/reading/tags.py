"""What the tags of an issue's events are: over those that are kept (contract 7.10)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from events.meaning.packing import size_of, unpack
from events.reading.kept import Span
from events.reading.tagging import tags_of
from events.reading.trees import Tree
from projects.database.keyset import Sort
from projects.pages import Page, PageQuery, cut_page, refuse_foreign

IN_ORDER = Sort("id", descending=False)

MOST_EVENTS = 2_000  # the newest, where many issues that were merged keep more
MOST_BYTES = 64 * 2**20  # of these events, unpacked: a second of a processor
TOP = 10

Item = TypeVar("Item")
Order = Literal["age", "count", "date", "id"]


@dataclass(slots=True)
class Value:
    """A value of a tag: how many events have it, and when they were seen."""

    value: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: how many events have it, and its values, the most frequent first."""

    key: str
    total: int
    values: Sequence[Value]

    @property
    def top(self) -> Sequence[Value]:
        return self.values[:TOP]


def read_tags(project_id: int, issue_id: int, *, most: int = MOST_EVENTS) -> list[Tag]:
    """Return the tags of the events that are kept of an issue and of what was merged into it, by key.

    :param most: of how many events, the newest; of fewer where they are large.
    """
    found: dict[str, dict[str, Value]] = {}
    for seen_at, tags in _read(project_id, issue_id, most):
        for key, word in tags.items():
            values = found.setdefault(key, {})
            value = values.get(word)
            if value is None:
                values[word] = Value(word, 1, seen_at, seen_at)
            else:  # they come newest first
                value.count += 1
                value.first_seen = seen_at
    return [
        Tag(key, sum(value.count for value in values.values()), in_order(values.values(), "count"))
        for key, values in sorted(found.items())
    ]


def read_tag(project_id: int, issue_id: int, key: str) -> Tag | None:
    """Return one of them; None where no event has it."""
    return next((tag for tag in read_tags(project_id, issue_id) if tag.key == key), None)


def in_order(values: Iterable[Value], order: Order) -> list[Value]:
    """Return values: those of most events first, those seen last first, or those seen for the first time last."""
    found = sorted(values, key=lambda value: value.value)
    keys: Mapping[str, Any] = {
        "count": lambda value: value.count,
        "date": lambda value: value.last_seen,
        "age": lambda value: value.first_seen,
        "id": lambda value: value.first_seen,  # in which order they became known
    }
    return sorted(found, key=keys[order], reverse=True)


def page_of(items: Sequence[Item], asked: PageQuery) -> Page[Item]:
    """Return a page of what is counted anew each time: its places are numbers, ``IN_ORDER``.

    :raises ForeignCursor: the cursor is of another list.
    """
    refuse_foreign(asked.position, lambda key: False)
    found = [((number, number), item) for number, item in enumerate(items, 1)]
    beyond = [row for row in found if asked.position.is_before(row[0])]
    return cut_page(beyond[::-1] if asked.position.backwards else beyond, asked.position, asked.limit)


def _read(project_id: int, issue_id: int, most: int) -> Iterator[tuple[datetime, dict[str, str]]]:
    size = 0
    for row in Tree(project_id, issue_id).read(Span(), most):
        packed = bytes(row.data)
        yield row.seen_at, tags_of(unpack(packed))
        size += size_of(packed)
        if size >= MOST_BYTES:
            break
