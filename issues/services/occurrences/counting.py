"""A batch of events of one project becomes numbers of its issues: a table of contents."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from issues.enums import IssueStatus, ResolutionKind
from issues.services.ground import project_state
from issues.services.occurrences import (
    environments,
    forgetting,
    hours,
    judging,
    locking,
    making,
    minutes,
    numbers,
    people,
    places,
    versions,
    writing,
)
from issues.services.occurrences.finding import Found, find, fingerprints_of, read
from issues.services.occurrences.judging import Verdict
from issues.services.occurrences.minutes import Windows
from issues.services.occurrences.shapes import Counted, Description, Event, Issues, Occurrence
from issues.services.occurrences.versions import Order, Versions
from issues.services.verbs.status import resolutions
from projects.database.transactions import StartOver


def hold(project_id: int) -> bool:
    """Keep the project for this transaction: the first of all locks of a batch. False when there is no such project."""
    return bool(project_state.lock_state_of([project_id]))


def unknown(project_id: int, occurrences: Sequence[Occurrence], *, at: datetime) -> Mapping[UUID, Occurrence]:
    """Return the fingerprints for which an issue will be made, each with the event that describes it.

    The project is held.
    """
    return find(occurrences, read(project_id, fingerprints_of(occurrences), at=at)).first_of_new


def count(
    project_id: int, occurrences: Sequence[Occurrence], described: Mapping[UUID, Description], *, at: datetime
) -> Counted:
    """Count a batch of events, each once, in their order; within the transaction of the caller, who holds the project.

    What this locks, it locks in this order, and nothing late: releases, then issues, all in one statement by id. All
    else that it writes belongs to an issue that it has, or to the project that it holds.

    :param described: what each issue is called that has to be made (:func:`unknown`).
    :raises StartOver: an issue was deleted, merged or unmerged while this waited for it; nothing is to be kept.
    :raises OperationalError: no lock in time, or no database.
    """
    fingerprints = fingerprints_of(occurrences)
    known = read(project_id, fingerprints, at=at)
    found = find(occurrences, known)
    if not found.places:
        return Counted(forgotten=found.forgotten)
    seen_in = versions.keep(project_id, [occurrence for occurrence, _ in found.places])
    issues = locking.lock(project_id, found.issue_ids, waiting=bool(seen_in.made))
    if read(project_id, fingerprints, at=at) != known or not described.keys() >= found.first_of_new.keys():
        raise StartOver("These issues are being deleted just now.")
    if known.wrong:
        forgetting.correct(project_id, known.wrong, occurrences)
    _settle(project_id, issues, seen_in, at=at)

    order = versions.order(project_id, {*seen_in.ids.values(), *numbers.releases_of(issues)})
    users = people.hashes(project_id, [occurrence for occurrence, _ in found.places])
    folded = numbers.fold(found.places, users, seen_in.ids, order)
    new = {place: counted for place, counted in folded.items() if isinstance(place, UUID)}
    made = making.make(project_id, new, described)
    making.learn(project_id, found, made)
    events = _events(found, made, users, seen_in)

    first = min(occurrence.seen_at for occurrence, _ in found.places)
    windows = minutes.read(project_id, issues, found.issue_ids, first, at=at)
    people.count(project_id, events)
    verdicts = _judge(issues, events, order, windows, at=at)
    new_users = Counter(event.issue_id for event in events if event.is_new_user)
    known_places = places.of_rows(issues, found.issue_ids)
    touched = numbers.add(issues, folded, new_users, order)
    writing.write(project_id, issues, touched, verdicts, at=at)
    places.write(project_id, known_places, places.of_rows(issues, found.issue_ids) | places.of_new(new, made))
    hours.count(project_id, events, issues)
    minutes.count(project_id, events, issues, windows, at=at)
    environments.count(project_id, events)
    return Counted(len(events), found.forgotten, len(made), len(verdicts))


def _settle(project_id: int, issues: Issues, seen_in: Versions, *, at: datetime) -> None:
    """Let "in the next release" become "in release V", for those that are locked, where V has come."""
    waiting = [pk for pk, issue in issues.items() if issue.resolution_kind == ResolutionKind.IN_NEXT_RELEASE]
    if not waiting:
        return
    settled = resolutions.settle_locked(project_id, waiting, seen_in.made, at=at)
    for pk, release_id in settled.items():
        issues[pk].resolution_kind, issues[pk].resolution_release_id = ResolutionKind.IN_RELEASE, release_id


def _events(found: Found, made: Mapping[UUID, int], users: Mapping[str, int], seen_in: Versions) -> Sequence[Event]:
    return [
        Event(
            occurrence,
            place if isinstance(place, int) else made[place],
            seen_in.ids.get(occurrence.release),
            users.get(occurrence.user),
        )
        for occurrence, place in found.places
    ]


def _judge(
    issues: Issues, events: Sequence[Event], order: Order, windows: Windows, *, at: datetime
) -> dict[int, Verdict]:
    """Return which roots are opened again, by which of the events of their trees."""
    if all(issue.status == IssueStatus.UNRESOLVED for issue in issues.values()):
        return {}  # as nearly always
    of_root: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.issue_id in issues:
            root = locking.above(issues, event.issue_id)[-1]
            if issues[root].status != IssueStatus.UNRESOLVED:
                of_root[root].append(event)
    verdicts = {}
    for root, its_events in sorted(of_root.items()):
        verdict = judging.judge(issues[root], its_events, order, windows.past.get(root, judging.NOTHING), at=at)
        if verdict is not None:
            verdicts[root] = verdict
    return verdicts
