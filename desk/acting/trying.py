"""What an action would do: tried by the service itself and rolled back, and read in between.

Numbers are those of the change itself. Only where "all" are very many, they are counted instead, and the change is
tried with the issues that the page shows: to try a million would take as long as to do it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from desk.acting.comparing import Compared, compared
from desk.acting.selection import AT_MOST, Selection
from issues.enums import IssueStatus
from issues.mutation import Ignore, IssueMutation, IssueScope, MutationOutcome, NamedIssues, Resolve, Unresolve
from issues.reading.items import Item, read_items, read_names
from issues.reading.selected import MERGED, count_all, count_named, first_ids, read_ids
from issues.services import bulk, deletion
from projects.acting import Act
from projects.models import Project

SHOWN = 50  # issues, one by one
DELETED = "deleted"
STATUS_AFTER = {
    Resolve: IssueStatus.RESOLVED,
    Unresolve: IssueStatus.UNRESOLVED,
    Ignore: IssueStatus.IGNORED,
}


@dataclass(frozen=True, slots=True)
class OfProject:
    project: Project
    matched: int
    changed: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What would happen.

    :ivar missing: ids with which it can't be done: with any of them, nothing is.
    :ivar before: how many issues have which status, and ``after``: how many would.
    :ivar is_counted: whether ``changed`` was counted and not tried; ``is_at_least``: and may be more.
    :ivar parent: the issue into which the others would be merged.
    """

    matched: int
    changed: int
    rows: Sequence[Compared]
    projects: Sequence[OfProject] = ()
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    missing: Sequence[int] = ()
    is_counted: bool = False
    is_at_least: bool = False
    parent: Compared | None = None


def sums(counts: Mapping[int, Counter[str]]) -> Counter[str]:
    return sum(counts.values(), Counter())


@dataclass(frozen=True, slots=True)
class Subject:
    """What is selected, as it is now: how many there are by project and status, and the first of them.

    :ivar ids: by project; None for all that a search finds, where these are more than can be named.
    """

    selection: Selection
    ids: Mapping[int, frozenset[int]] | None
    counts: Mapping[int, Counter[str]]
    first: Sequence[Item]

    @property
    def matched(self) -> int:
        return sums(self.counts).total()

    @property
    def projects(self) -> list[Project]:
        """The projects that have any of the issues, ascending."""
        return self.selection.projects([pk for pk, counts in self.counts.items() if counts.total()])

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
    ids = read_ids(scopes, AT_MOST, at=act.at) if selection.ids is None else selection.ids
    if ids is None:
        counts = count_all(scopes, at=act.at)
        first = first_ids([scope for scope in scopes if counts[scope.project_id].total()], SHOWN, at=act.at)
    else:
        counts = count_named(ids, at=act.at)
        first = sorted((pk for of_project in ids.values() for pk in of_project), reverse=True)[:SHOWN]
    return Subject(selection, ids, counts, _items(selection, first, act))


def _items(selection: Selection, ids: Sequence[int], act: Act) -> list[Item]:
    found = {item.id: item for item in read_items(selection.visitor.projects, ids, by=act.by, at=act.at)}
    return [found[pk] for pk in ids if pk in found]


def try_change(subject: Subject, mutation: IssueMutation, act: Act) -> Trial:
    """Return what this would change; rolled back.

    :raises Refusal: the service refuses it.
    """
    preview, shown = replace(act, preview=True, expected=None), [item.id for item in subject.first]
    after: list[Item] = []
    counts: dict[int, Counter[str]] = {}

    def look() -> None:
        after[:] = _items(subject.selection, shown, act)
        # By the ids as they were: a search finds others afterwards.
        counts.clear()
        counts.update({} if subject.ids is None else count_named(subject.ids, at=act.at))

    if subject.ids is None:
        bulk.mutate_each(_first(subject), mutation, preview, look=look)
        # Who names issues follows them from then on; who says "all" doesn't (contract 1.5).
        follows = {item.id: item.subscribed_for for item in subject.first}
        return _counted(subject, mutation, [item._replace(subscribed_for=follows[item.id]) for item in after])
    scopes = subject.scopes if mutation.changes_status_only else subject.named
    outcomes = bulk.mutate_each(scopes, mutation, preview, look=look)
    return _tried(subject, scopes, outcomes, after, sums(counts), act)


def try_deletion(subject: Subject, act: Act) -> Trial:
    """Return what a deletion would take away, with what was merged into it; rolled back.

    :raises Refusal: the service refuses it.
    """
    outcomes = deletion.delete_each(subject.named, replace(act, preview=True, expected=None))
    after = Counter({DELETED: sum(outcome.changed for outcome in outcomes)})
    fates = {item.id: DELETED for item in subject.first}
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
    projects = {project.pk: project for project in subject.selection.visitor.projects}
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


def _counted(subject: Subject, mutation: IssueMutation, after: Sequence[Item]) -> Trial:
    """Return what a change of status would do to very many. Those that have the status by now may change, too: in
    their terms, or in the release that resolves them."""
    status = STATUS_AFTER[type(mutation.status)]
    return Trial(
        matched=subject.matched,
        changed=subject.matched - sums(subject.counts)[status],
        rows=_rows(subject, after, {}),
        projects=[
            OfProject(project, counts.total(), counts.total() - counts[status])
            for project in subject.projects
            for counts in [subject.counts[project.pk]]
        ],
        before=sums(subject.counts),
        after=Counter({status: subject.matched}),
        is_counted=True,
        is_at_least=sums(subject.counts)[status] > 0,
    )


def _parent(subject: Subject, pk: int, act: Act) -> Compared | None:
    """Return the issue into which the others would be merged, as it is; it need not be among those that are shown."""
    items = _items(subject.selection, [pk], act)
    return next(iter(compared(items, {}, read_names(items), {})), None)


def _first(subject: Subject) -> list[NamedIssues]:
    """Return the issues that are shown, by project."""
    ids: dict[int, set[int]] = {}
    for item in subject.first:
        ids.setdefault(item.project_id, set()).add(item.id)
    return [NamedIssues(pk, ids=frozenset(ids[pk])) for pk in sorted(ids)]


def _rows(subject: Subject, after: Sequence[Item], fates: Mapping[int, str]) -> list[Compared]:
    names = read_names([*subject.first, *after])
    return compared(subject.first, {item.id: item for item in after}, names, fates)
