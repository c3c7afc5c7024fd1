"""What an action would do: tried by the service itself and rolled back, and read in between.

Numbers are those of the change itself. Only where they are many, it is tried with the issues that the page shows: to
try a million would take as long as to do it. And where "all" are more than can be named, they are not counted, either:
how many they were is said when it is done.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from desk.acting.comparing import Compared, compared
from desk.acting.selection import AT_MOST, Selection
from issues import short_ids
from issues.mutation import IssueMutation, IssueScope, MutationOutcome, NamedIssues
from issues.reading.items import Item, read_items, read_names
from issues.reading.selected import MERGED, count_named, first_ids, narrowed, projects_with_any, read_ids
from issues.services import bulk, deletion
from projects.acting import Act
from projects.models import Project

SHOWN = 50  # issues, one by one
TRIED = 200  # issues at most: all of them in a moment
DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class OfProject:
    project: Project
    matched: int
    changed: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What would happen.

    :ivar matched: how many issues are selected; of so many that they are not counted, ``is_more`` than that.
    :ivar changed: of those that were tried: all, or those of ``rows`` where these are a ``is_sample``.
    :ivar missing: ids with which it can't be done: with any of them, nothing is.
    :ivar before: how many issues have which status, and ``after``: how many would.
    :ivar parent: the issue into which the others would be merged.
    """

    matched: int
    changed: int
    rows: Sequence[Compared]
    projects: Sequence[OfProject] = ()
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    missing: Sequence[int] = ()
    is_sample: bool = False
    is_more: bool = False
    parent: Compared | None = None


def sums(counts: Mapping[int, Counter[str]]) -> Counter[str]:
    return sum(counts.values(), Counter())


@dataclass(frozen=True, slots=True)
class Subject:
    """What is selected, as it is now: how many there are by project and status, and the first of them.

    :ivar ids: by project; None for all that a search finds, where these are more than can be named.
    :ivar counts: of those that are named.
    :ivar projects: those that have any of the issues, ascending.
    """

    selection: Selection
    ids: Mapping[int, frozenset[int]] | None
    counts: Mapping[int, Counter[str]]
    projects: Sequence[Project]
    first: Sequence[Item]

    @property
    def is_more(self) -> bool:
        """Whether these are more than ``matched``, and nobody has counted how many."""
        return self.ids is None

    @property
    def matched(self) -> int:
        return AT_MOST if self.ids is None else sums(self.counts).total()

    @property
    def single(self) -> tuple[int, str] | None:
        """The number and the short id of the one issue, where it is one."""
        if self.is_more or self.matched != 1 or len(self.first) != 1:
            return None
        (item,) = self.first
        return item.id, short_ids.write(item.project.slug, item.short_number)

    @property
    def is_small(self) -> bool:
        """Whether a change can be tried with all of them; with any that can't be changed, it is, to say which."""
        counts = sums(self.counts)
        return self.ids is not None and (counts.total() <= TRIED or counts[MERGED] > 0)

    @property
    def are_merged(self) -> bool:
        """Whether all of them are in another issue: nothing can be done with such but to take them out."""
        counts = sums(self.counts)
        return 0 < counts.total() == counts[MERGED]

    @property
    def scopes(self) -> Sequence[IssueScope]:
        """What the services are told: a scope for each of these projects."""
        return self.selection.scopes(only=[project.pk for project in self.projects])

    @property
    def named(self) -> list[NamedIssues]:
        """The same with each issue by its id; what "all" finds is named as it is now.

        Only where ``ids`` are known.
        """
        return [NamedIssues(pk, ids=ids) for pk, ids in (self.ids or {}).items()]


def look_at(selection: Selection, act: Act) -> Subject:
    """Return what is selected, in a few statements for each project.

    :raises Refusal: the search of "all" names what isn't there.
    """
    scopes = [] if selection.ids is not None else selection.all_scopes(at=act.at)
    narrowing = narrowed(scopes)
    ids = read_ids(scopes, narrowing, AT_MOST, at=act.at) if selection.ids is None else selection.ids
    if ids is None:
        projects = selection.projects(projects_with_any(scopes, narrowing, at=act.at))
        first = first_ids(scopes, narrowing, SHOWN, at=act.at)
        return Subject(selection, None, {}, projects, _items(projects, first, act))
    counts = count_named(ids, at=act.at)
    projects = selection.projects([pk for pk, of_project in counts.items() if of_project.total()])
    first = sorted((pk for of_project in ids.values() for pk in of_project), reverse=True)[:SHOWN]
    return Subject(selection, ids, counts, projects, _items(projects, first, act))


def _items(projects: Sequence[Project], ids: Sequence[int], act: Act) -> list[Item]:
    found = {item.id: item for item in read_items(projects, ids, by=act.by, at=act.at)}
    return [found[pk] for pk in ids if pk in found]


def try_change(subject: Subject, mutation: IssueMutation, act: Act) -> Trial:
    """Return what this would change; rolled back.

    :raises Refusal: the service refuses it.
    """
    preview, shown = replace(act, preview=True, expected=None), [item.id for item in subject.first]
    after: list[Item] = []
    counts: dict[int, Counter[str]] = {}

    def look() -> None:
        after[:] = _items(subject.projects, shown, act)
        # By the ids as they were: a search finds others afterwards.
        counts.clear()
        counts.update({} if subject.ids is None else count_named(subject.ids, at=act.at))

    if mutation.merge is None and not subject.is_small:
        outcomes = bulk.mutate_each(_first(subject), mutation, preview, look=look)
        # Who names issues follows them from then on; who says "all" doesn't (contract 1.5).
        follows = {item.id: item.subscribed_for for item in subject.first}
        after = [item._replace(subscribed_for=follows[item.id]) for item in after]
        return _sampled(subject, outcomes, _rows(subject, after, {}))
    scopes = subject.scopes if mutation.changes_status_only else subject.named
    outcomes = bulk.mutate_each(scopes, mutation, preview, look=look)
    return _tried(subject, scopes, outcomes, after, sums(counts), act)


def try_deletion(subject: Subject, act: Act) -> Trial:
    """Return what a deletion would take away, with what was merged into it; rolled back.

    :raises Refusal: the service refuses it.
    """
    fates = {item.id: DELETED for item in subject.first}
    named = subject.named if subject.is_small else _first(subject)
    outcomes = deletion.delete_each(named, replace(act, preview=True, expected=None))
    if not subject.is_small:
        return _sampled(subject, outcomes, _rows(subject, [], fates))
    after = Counter({DELETED: sum(outcome.changed for outcome in outcomes)})
    return _tried(subject, subject.named, outcomes, [], after, act, fates=fates)


def _tried(
    subject: Subject,
    scopes: Sequence[IssueScope],
    outcomes: Sequence[MutationOutcome],
    after: Sequence[Item],
    counts: Counter[str],
    act: Act,
    *,
    fates: Mapping[int, str] | None = None,
) -> Trial:
    merged = next((outcome.merged for outcome in outcomes if outcome.merged is not None), None)
    if merged is not None:
        fates = dict.fromkeys(merged.children, MERGED)
    rows = _rows(subject, after, fates or {})
    projects = {project.pk: project for project in subject.projects}
    return Trial(
        matched=sum(outcome.matched for outcome in outcomes),
        changed=sum(outcome.changed for outcome in outcomes),
        rows=rows,
        projects=[
            OfProject(projects[scope.project_id], outcome.matched, outcome.changed)
            for scope, outcome in zip(scopes, outcomes, strict=True)
        ],
        before=sums(subject.counts),
        after=counts,
        missing=sorted(pk for outcome in outcomes for pk in outcome.out_of_scope),
        parent=None if merged is None else _parent(subject, merged.parent, act),
    )


def _sampled(subject: Subject, outcomes: Sequence[MutationOutcome], rows: Sequence[Compared]) -> Trial:
    """Return what was tried with the issues that are shown; the others are counted, where they can be named."""
    return Trial(
        matched=subject.matched,
        changed=sum(outcome.changed for outcome in outcomes),
        rows=rows,
        before=sums(subject.counts),
        is_sample=True,
        is_more=subject.is_more,
    )


def _parent(subject: Subject, pk: int, act: Act) -> Compared | None:
    """Return the issue into which the others would be merged, as it is; it need not be among those that are shown."""
    items = _items(subject.projects, [pk], act)
    return next(iter(compared(items, {}, read_names(items), {})), None)


def _first(subject: Subject) -> list[NamedIssues]:
    """Return the issues that are shown, by project."""
    ids: dict[int, set[int]] = {}
    for item in subject.first:
        ids.setdefault(item.project_id, set()).add(item.id)
    return [NamedIssues(pk, ids=frozenset(ids[pk])) for pk in sorted(ids)]


def _rows(subject: Subject, after: Sequence[Item], fates: Mapping[int, str]) -> list[Compared]:
    names = read_names([*subject.first, *after])
    by_id = {item.id: item for item in after}
    return compared(subject.first, by_id, names, fates, come_out=subject.are_merged and not fates)
