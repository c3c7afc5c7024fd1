"""The mutations of several projects as the desk lists them: light, whatever they named, and with what tells of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import BooleanField, Case, F, QuerySet, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left

from issues import short_ids
from issues.enums import ActivityKind, MutationKind
from issues.models import Issue, Mutation
from issues.reading.history import read_undone_by
from issues.reading.mutation_walks import MutationQuery, bounds_of, walk
from issues.services.ground import history
from projects.callers import Caller
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.reading import connection
from projects.models import ApiKey, User
from projects.pages import Page, PageQuery, read_page

LETTERS_OF_A_QUERY = 300
LONG = ("ids", "query", "seen_ids", "bookmark_ids", "subscription_ids")  # a request may name a hundred thousand ids


@dataclass(frozen=True, slots=True)
class Tree:
    """So many issues that came under a parent by a merge, or left it.

    :ivar parent: its short id; empty if it is gone.
    """

    parent: str
    count: int


@dataclass(frozen=True, slots=True)
class ListedMutation:
    """A mutation as a list tells it to a caller.

    :ivar body: what was asked, as the caller may see it.
    :ivar has_others_marks: whether that lacks somebody else's marks.
    :ivar is_about_all: whether it named no ids. That, ``statuses`` and ``query``, which is cut to its beginning, are of
        its scope: an undo has that of the mutation which began the chain.
    :ivar issue: the short id of the only issue that it named, if it named one and that is still there.
    :ivar undoes: the mutation that it took back, which may be pruned by now: then ``undone`` is None.
    :ivar began: the mutation that began the chain of undos; None where it is pruned, or this is no undo.
    :ivar undone_by: the last that took it back.
    """

    id: int
    project_id: int
    kind: MutationKind
    at: datetime
    user: User | None
    api_key: ApiKey | None
    body: Mapping[str, Any]
    has_others_marks: bool
    matched: int
    changed: int
    is_about_all: bool
    statuses: Sequence[str] | None
    query: str | None
    issue: str = ""
    undoes: int | None = None
    undone: "ListedMutation | None" = None
    began: "ListedMutation | None" = None
    undone_by: int | None = None
    trees: Sequence[Tree] = field(default=())

    @property
    def can_be_undone(self) -> bool:
        """Whether there is a way back; what was deleted is gone for good."""
        return self.kind != MutationKind.DELETE


def read_listed(query: MutationQuery, asked: PageQuery, *, by: Caller) -> Page[ListedMutation]:
    """Return a page of the mutations that are asked for, newest first: sorted by ``history.NEWEST_FIRST``.

    A fixed number of statements, and of rows for each project, however many mutations there are.

    :raises ForeignCursor: the cursor is of another list.
    """
    page = read_page(partial(walk, query, bounds_of(query), _light(Mutation.objects.all())), asked)
    return replace(page, rows=told(page.rows, by=by))


def find_listed(project_ids: Iterable[int], pk: int, *, by: Caller) -> ListedMutation | None:
    """Return one mutation of these projects, as a list tells it."""

    def ask(some: Iterable[int] | QuerySet[Any]) -> list[Mutation]:
        return list(_light(Mutation.objects.filter(project__in=list(some), pk=pk)))

    found = told(citus.ask_all_or_each(ask, list(project_ids)), by=by)
    return found[0] if found else None


def read_chain(mutation: ListedMutation, *, by: Caller) -> list[ListedMutation]:
    """Return the mutation that began a chain of undos, and those of the chain that are kept, the oldest first; none
    where nothing was undone.

    The chain is that of the project's mutations which show the scope of the same one.
    """
    began = mutation.id if mutation.kind != MutationKind.UNDO or mutation.began is None else mutation.began.id
    if mutation.undone_by is None and mutation.undoes is None:
        return []
    sql = """
        WITH RECURSIVE chain (id) AS (
            SELECT %s::bigint
            UNION
            SELECT later.id FROM issues_mutation AS later JOIN chain ON later.undoes = chain.id
            WHERE later.project_id = %s
        )
        SELECT id FROM chain
    """
    ids = RawSQL(sql, [began, mutation.project_id])
    rows = _light(Mutation.objects.filter(project=mutation.project_id, pk__in=ids).order_by("pk"))
    return told(rows[:CHAIN], by=by)


CHAIN = 20  # undos of undos that a page shows


def told(mutations: Iterable[Mutation], *, by: Caller) -> list[ListedMutation]:
    """Return these mutations, which are ``_light``, as a list tells them to a caller."""
    rows = list(mutations)
    undone_by = read_undone_by(rows) if rows else {}
    earlier_ids = {pk for row in rows for pk in (row.undoes, row.scope_of) if pk is not None}
    of_the_same = Mutation.objects.filter(project__in={row.project_id for row in rows})
    earlier = {row.pk: row for row in _light(of_the_same.filter(pk__in=earlier_ids))} if earlier_ids else {}
    everything = {**earlier, **{row.pk: row for row in rows}}
    trees, names = _trees(everything.values()), _short_ids(everything.values())

    def one(row: Any) -> ListedMutation:
        scope: Any = everything.get(row.scope_of, row)
        body = history.body_shown_to(row, by)
        return ListedMutation(
            id=row.pk,
            project_id=row.project_id,
            kind=MutationKind(row.kind),
            at=row.created_at,
            user=row.user,
            api_key=row.api_key,
            body=body,
            has_others_marks=len(body) < len(row.body),
            matched=row.matched,
            changed=row.changed,
            is_about_all=row.is_about_all,
            statuses=scope.statuses,
            query=scope.query_beginning,
            issue=names.get(_only(scope), ""),
            undoes=row.undoes,
            undone_by=undone_by.get(row.pk),
            trees=trees.get(row.pk, ()),
        )

    told_of = {pk: one(row) for pk, row in everything.items()}
    return [
        replace(told_of[row.pk], undone=told_of.get(row.undoes or 0), began=told_of.get(row.scope_of or 0))
        for row in rows
    ]


def _light(mutations: QuerySet[Mutation]) -> QuerySet[Any]:
    """Leave what may be long; add whether ids were given, the only one, and how the search begins."""
    short = RawSQL("CASE WHEN pg_column_size(issues_mutation.ids) <= 40 THEN issues_mutation.ids END", ())
    light: QuerySet[Any] = (
        mutations.select_related("user")
        .prefetch_related("api_key")
        .defer(*LONG)
        .annotate(
            is_about_all=Case(
                When(ids__isnull=True, then=Value(True)), default=Value(False), output_field=BooleanField()
            ),
            # One id is so small; whether many are few is not worth reading them.
            short_ids=short,
            query_beginning=Left(F("query"), LETTERS_OF_A_QUERY, output_field=TextField()),
        )
    )
    return light


def _only(row: Any) -> int | None:
    """Return the only issue that was named."""
    return row.short_ids[0] if row.short_ids is not None and len(row.short_ids) == 1 else None


# ---------------------------------------------------------------------------------------------------------------------
# What tells of them
# ---------------------------------------------------------------------------------------------------------------------


def _trees(mutations: Iterable[Any]) -> dict[int, list[Tree]]:
    """Return what merges and unmerges did, by mutation: as the parents' activities tell."""
    merges = {mutation.pk: mutation.project_id for mutation in mutations if "merge" in mutation.body}
    if not merges:
        return {}
    found: dict[int, list[Tree]] = {}
    for group in citus.together(set(merges.values())):
        # As a value, where they are spread: else all machines would be asked.
        its_project = "%(project_id)s" if citus.is_spread() else "asked.project_id"
        asked = [pk for pk, project_id in merges.items() if project_id in group]
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT activity.mutation_id, issue.short_number, project.slug,
                       jsonb_array_length(activity.data -> 'issues')
                FROM unnest(%(ids)s::bigint[], %(project_ids)s::bigint[]) AS asked (id, project_id)
                CROSS JOIN LATERAL (
                    SELECT project_id, mutation_id, issue_id, data FROM issues_activity
                    WHERE project_id = {its_project} AND mutation_id = asked.id AND kind = ANY(%(kinds)s)
                      AND data ? 'issues'
                    ORDER BY issue_id
                    LIMIT %(limit)s
                ) AS activity
                -- looked up: in divided tables all issues would be read for a join
                LEFT JOIN LATERAL (
                    SELECT project_id, short_number FROM issues_issue
                    WHERE project_id = {its_project} AND id = activity.issue_id
                    LIMIT 1
                ) AS issue ON true
                LEFT JOIN projects_project AS project ON project.id = issue.project_id
                """,
                {
                    "ids": as_array(asked),
                    "project_ids": as_array(merges[pk] for pk in asked),
                    "project_id": group[0],
                    "kinds": [ActivityKind.MERGE.value, ActivityKind.UNMERGE.value],
                    "limit": TREES,
                },
            )
            for pk, number, slug, count in cursor:
                found.setdefault(pk, []).append(Tree("" if number is None else short_ids.write(slug, number), count))
    return found


TREES = 20  # that one mutation is told to have changed


def _short_ids(mutations: Iterable[Any]) -> dict[int | None, str]:
    """Return the short ids of the issues that were the only ones of a mutation, by their ids."""
    project_of = {pk: mutation.project_id for mutation in mutations if (pk := _only(mutation)) is not None}
    if not project_of:
        return {}
    issues = Issue.objects.of_projects(set(project_of.values())).filter(pk__in=project_of)
    named = issues.values_list("pk", "project__slug", "short_number")
    return {pk: short_ids.write(slug, number) for pk, slug, number in named}
