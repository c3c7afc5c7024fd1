"""The mutations of a project, and what one did to its issues (contract section 6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db.models import Max

from issues.models import Activity, Issue, Mutation
from issues.named import Names
from issues.querysets import size_of_mutation
from issues.reading.items import look_up_names
from issues.services import undo
from issues.services.ground import history
from issues.services.ground.parts import Part
from issues.services.verbs import PARTS
from issues.services.verbs.merging import NO_LINKS, Links, read_links
from projects.callers import Caller
from projects.database.arrays import as_array
from projects.database.keyset import Sort
from projects.database.reading import connection
from projects.pages import Page, PageQuery, read_page

NEWEST_FIRST = Sort("id")
MAX_SIZE = 2**20  # bytes of a page of the history: one request may name a hundred thousand ids, a page has a hundred
MARKS = ("seen_ids", "bookmark_ids", "subscription_ids")  # as long, and not shown in lists
BY_ISSUE, BY_ID = Sort("issue_id", descending=False), Sort("id", descending=False)


@dataclass(frozen=True, slots=True)
class ToldMutation:
    """A mutation with its user and key, as a caller may see it."""

    mutation: Mutation
    scope: Mutation  # whose scope it shows: an undo has none of its own
    body: Mapping[str, Any]
    undone_by: int | None  # the last one


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutation overwrote of a part of an issue, and what it left; each with the numbers that there are now."""

    issue_id: int
    before: SimpleNamespace
    after: SimpleNamespace


@dataclass(frozen=True, slots=True)
class Changes:
    """What a mutation did to some of the issues that it changed."""

    mutation: Mutation
    issue_ids: Sequence[int]
    of_parts: Sequence[tuple[Part, Change]]
    links: Links
    names: Names
    with_marks: bool  # whether the caller may see whose marks they are


def read_mutations(project_id: int, asked: PageQuery, *, by: Caller) -> Page[ToldMutation]:
    """Return a page of the mutations of a project, sorted by ``NEWEST_FIRST``; fewer where they are large.

    :raises ForeignCursor: the cursor is of another list.
    """
    rows = Mutation.objects.filter(project=project_id).select_related("user").prefetch_related("api_key").defer(*MARKS)
    page = read_page(rows, asked, weight=size_of_mutation(project_id), max_weight=MAX_SIZE)
    return replace(page, rows=_told(page.rows, by=by))


def find_mutation(project_id: int, pk: int) -> Mutation | None:
    """Return one mutation of a project, with its user and key."""
    return Mutation.objects.filter(project=project_id, pk=pk).select_related("user").prefetch_related("api_key").first()


def projects_of(pks: Iterable[int]) -> set[int]:
    """Return the projects that have one of these mutations, whoever may see them."""
    return set(Mutation.objects.filter(pk__in=list(pks)).order_by().values_list("project_id", flat=True))


def find_those(project_ids: Iterable[int], pks: Iterable[int]) -> list[tuple[int, int]]:
    """Return which of these mutations are of these projects, newest first: the project and the number of each."""
    found = Mutation.objects.filter(pk__in=list(pks), project__in=list(project_ids)).order_by("-pk")
    return list(found.values_list("project_id", "pk"))


def find_only_issue(project_ids: Iterable[int], pk: int, *, by: Caller) -> Issue | None:
    """Return the issue that a mutation of these projects changed, with its project; None of one that changed several,
    or an issue that is gone by now, or that somebody else marked."""
    mutation = Mutation.objects.filter(project__in=list(project_ids), pk=pk, changed=1).first()
    if mutation is None:
        return None
    links = NO_LINKS if mutation.ids is None else read_links(mutation)
    named = undo.issues_of(mutation, links, with_marks=history.shows_marks_to(mutation, by))
    return Issue.objects.with_ids(mutation.project_id, sorted(named)).select_related("project").first()


def sort_of_changes(mutation: Mutation) -> Sort:
    """Return what the issues that a mutation changed are sorted by."""
    return BY_ISSUE if mutation.ids is None else BY_ID


def read_changes(mutation: Mutation, asked: PageQuery, *, by: Caller) -> tuple[ToldMutation, Page[Any], Changes]:
    """Return a mutation, a page of what it changed, and what it did to the issues of that page.

    :param asked: sorted as :func:`sort_of_changes` says.
    :raises ForeignCursor: the cursor is of another list.
    """
    with_marks = history.shows_marks_to(mutation, by)
    if mutation.ids is None:  # "all" may be millions: read from the index, in its order
        links = NO_LINKS
        page = read_page(Activity.objects.filter(project=mutation.project_id, mutation_id=mutation.pk), asked)
        ids = [activity.issue_id for activity in page.rows]
    else:
        links = read_links(mutation)
        named = sorted(undo.issues_of(mutation, links, with_marks=with_marks))
        page = read_page(Issue.objects.with_ids(mutation.project_id, named), asked)
        ids = [issue.pk for issue in page.rows]
    changes = changes_of(mutation, ids, links, with_marks=with_marks)
    (told,) = _told([mutation], by=by)
    return told, page, changes


def changes_of(mutation: Mutation, issue_ids: Sequence[int], links: Links, *, with_marks: bool) -> Changes:
    """Return what a mutation did to these issues."""
    of_parts = [(part, change) for part in PARTS for change in _read(mutation, issue_ids, part)]
    names = look_up_names(
        (
            (of, getattr(state, column))
            for part, change in of_parts
            for column, of in part.names.items()
            for state in (change.before, change.after)
        ),
        [mutation.project_id],
        tells_of_gone=True,
    )
    return Changes(mutation, issue_ids, of_parts, links, names, with_marks)


def read_undone_by(mutations: Iterable[Mutation]) -> dict[int, int]:
    """Return by which mutation each of these was undone, the last time."""
    undone = list(mutations)
    undos = Mutation.objects.filter(
        project__in={mutation.project_id for mutation in undone}, undoes__in=[mutation.pk for mutation in undone]
    )
    return dict(undos.values_list("undoes").annotate(Max("pk")))


def _told(mutations: Sequence[Mutation], *, by: Caller) -> list[ToldMutation]:
    undone_by, scopes = read_undone_by(mutations), history.read_scopes_shown(mutations)
    return [
        ToldMutation(
            mutation,
            scope=scopes.get(mutation.pk, mutation),
            body=history.body_shown_to(mutation, by),
            undone_by=undone_by.get(mutation.pk),
        )
        for mutation in mutations
    ]


def _read(mutation: Mutation, ids: Sequence[int], part: Part) -> list[Change]:
    """Return the issues of which it changed this part: the states ``before`` and ``after``, with the numbers now."""
    columns = part.columns
    before = ", ".join(f"activity.before_{name}" for name in columns)
    after = ", ".join(f"CASE WHEN later.id IS NULL THEN issue.{name} ELSE later.before_{name} END" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT issue.id, issue.times_seen, issue.users_seen, {before}, {after}
            FROM issues_activity AS activity
            JOIN issues_issue AS issue ON issue.project_id = activity.project_id AND issue.id = activity.issue_id
            {part.next_change}
            WHERE activity.project_id = %(project_id)s AND activity.mutation_id = %(mutation_id)s
              AND activity.issue_id = ANY(%(ids)s::bigint[]) AND activity.kind = ANY(%(kinds)s)
            """,
            {
                "project_id": mutation.project_id,
                "mutation_id": mutation.pk,
                "ids": as_array(ids),
                "kinds": [kind.value for kind in part.kinds],
            },
        )
        return [
            Change(
                issue_id,
                *(
                    SimpleNamespace(
                        **dict(zip(columns, state, strict=True)), times_seen=times_seen, users_seen=users_seen
                    )
                    for state in (states[: len(columns)], states[len(columns) :])
                ),
            )
            for issue_id, times_seen, users_seen, *states in cursor.fetchall()
        ]


def read_left(mutation: Mutation, issue_ids: Sequence[int], *, at: datetime) -> dict[str, dict[int, bool]]:
    """Return by part, for those of these issues of which a mutation changed it, whether it still is as it left it.

    As an undo asks it: whether a reader sees the same (contract section 6).
    """
    found: dict[str, dict[int, bool]] = {part.name: {} for part in PARTS}
    statements = " UNION ALL ".join(
        f"""
        (
            SELECT '{part.name}', issue.id, later.id IS NULL OR {part.same("issue.", "later.before_")}
            FROM issues_activity AS activity
            JOIN issues_issue AS issue ON issue.project_id = activity.project_id AND issue.id = activity.issue_id
            {part.next_change}
            WHERE activity.mutation_id = %(mutation_id)s AND activity.issue_id = ANY(%(ids)s::bigint[])
              AND activity.project_id = %(project_id)s AND activity.kind IN ({part.kinds_in_sql})
        )
        """
        for part in PARTS
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statements,
            {
                "mutation_id": mutation.pk,
                "project_id": mutation.project_id,
                "ids": as_array(issue_ids),
                "at": at,
            },
        )
        for name, pk, is_left in cursor:
            found[name][pk] = is_left
    return found
