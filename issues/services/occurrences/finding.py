"""Which issue each event belongs to: by the newest of its fingerprints that an issue has, else to a new one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from issues.instants import is_ahead
from issues.services.occurrences.shapes import Occurrence, Place
from projects.database.arrays import as_array


@dataclass(frozen=True, slots=True)
class Found:
    """Where the events of a batch belong, in their order.

    :ivar places: those that are counted, each with its place.
    :ivar learnt: fingerprints that no issue has yet, and the issue that gets each.
    :ivar forgotten: how many waited while their issue was deleted.
    """

    places: Sequence[tuple[Occurrence, Place]]
    learnt: Mapping[UUID, Place]
    forgotten: int

    @property
    def issue_ids(self) -> list[int]:
        """The issues that are there, ascending."""
        return sorted({place for _, place in self.places if isinstance(place, int)})

    @property
    def first_of_new(self) -> dict[UUID, Occurrence]:
        """The first event of each issue that is to be made, by its fingerprint, in their order."""
        first: dict[UUID, Occurrence] = {}
        for occurrence, place in self.places:
            if isinstance(place, UUID):
                first.setdefault(place, occurrence)
        return first


@dataclass(frozen=True, slots=True)
class Known:
    """Which issue has a fingerprint; and when an issue with it was deleted last.

    :ivar wrong: fingerprints of which nobody knows when, since the clock was ahead then.
    """

    issues: Mapping[UUID, int]
    deleted: Mapping[UUID, datetime]
    wrong: Collection[UUID]


def fingerprints_of(occurrences: Sequence[Occurrence]) -> set[UUID]:
    """Return all fingerprints that these events have."""
    fingerprints = set({id(one.hash): one.hash for one in occurrences}.values())  # as in find
    fingerprints.update(each for one in occurrences for each in one.older_hashes)
    return fingerprints


def read(project_id: int, fingerprints: Collection[UUID], *, at: datetime) -> Known:
    """Return what is known of these fingerprints, as it is now; not locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT hash::uuid, issue_id, NULL::timestamptz
            FROM issues_issuehash
            WHERE project_id = %(project_id)s AND hash = ANY((SELECT %(texts)s::varchar[])::varchar[])
            UNION ALL
            SELECT hash, NULL, at
            FROM issues_forgottenhash
            WHERE project_id = %(project_id)s AND hash = ANY((SELECT %(texts)s::uuid[])::uuid[])
            """,
            {"project_id": project_id, "texts": as_array(each.hex for each in fingerprints)},
        )
        rows = cursor.fetchall()
    deleted = {fingerprint: deleted_at for fingerprint, issue_id, deleted_at in rows if issue_id is None}
    wrong = {fingerprint for fingerprint, deleted_at in deleted.items() if is_ahead(deleted_at, now=at)}
    return Known(
        issues={fingerprint: issue_id for fingerprint, issue_id, _ in rows if issue_id is not None},
        deleted={fingerprint: deleted_at for fingerprint, deleted_at in deleted.items() if fingerprint not in wrong},
        wrong=wrong,
    )


def find(occurrences: Sequence[Occurrence], known: Known) -> Found:
    """Return where the events belong.

    One that was received before the issue with its fingerprint was deleted is forgotten with it (contract 7.11).
    """
    issues: dict[UUID, Place] = dict(known.issues)
    places: list[tuple[Occurrence, Place]] = []
    learnt: dict[UUID, Place] = {}
    # A UUID takes long to be looked up, and most events of a batch share one with others: the very same object.
    seen: dict[int, Place] = {}
    for occurrence in occurrences:
        place = seen.get(id(occurrence.hash))
        if place is None:
            place = _place(occurrence, issues, known.deleted)
            if place is None:
                continue
            if occurrence.hash not in issues:
                issues[occurrence.hash] = learnt[occurrence.hash] = place
            if not known.deleted:  # else each is judged by when it was received
                seen[id(occurrence.hash)] = place
        places.append((occurrence, place))
    return Found(places, learnt, forgotten=len(occurrences) - len(places))


def _place(occurrence: Occurrence, issues: Mapping[UUID, Place], deleted: Mapping[UUID, datetime]) -> Place | None:
    """Return the issue of an event; None when it is forgotten."""
    for fingerprint in (occurrence.hash, *occurrence.older_hashes):
        if fingerprint in deleted and occurrence.received_at <= deleted[fingerprint]:
            return None
        if fingerprint in issues:
            return issues[fingerprint]
    return occurrence.hash
