"""The mutations of several projects as the desk lists them: light, whatever they named, and with what tells of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import BigIntegerField, BooleanField, Case, F, QuerySet, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left

from issues import short_ids
from issues.enums import ActivityKind, MutationKind
from issues.models import Issue, Mutation
from issues.reading.history import read_undone_by
from issues.services.ground import history
from projects.actors import Way, ways_to_find
from projects.callers import Caller
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.keyset import Position
from projects.database.reading import connection
from projects.models import ApiKey, OrganizationMember, User
from projects.pages import Page, PageQuery, read_page
from projects.querysets import is_id

Bounds = tuple[int, int, int]  # a project, its first id that counts, and the first that doesn't any more

LETTERS_OF_A_QUERY = 300
LONG = ("ids", "query", "seen_ids", "bookmark_ids", "subscription_ids")  # a request may name a hundred thousand ids
# Ids come in the order in which requests change something, times are those at which requests began: one that waited for
# locks has a later id than some that began after it. None waits so long.
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MutationQuery:
    """Which mutations are asked for; None asks for nothing. Each is a walk along an index (``Mutation.Meta``).

    :ivar key: those whose body had it.
    :ivar statuses: those whose body had one of these words as its ``status``.
    :ivar since: those of requests that began then or later, and before ``until``.
    """

    project_ids: Sequence[int]
    user_id: int | None = None
    api_key_id: int | None = None
    kind: MutationKind | None = None
    key: str | None = None
    statuses: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


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
    page = read_page(partial(_rows, query, _bounds(query)), asked)
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


# ---------------------------------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------------------------------


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


def _rows(query: MutationQuery, bounds: Sequence[Bounds] | None, position: Position, limit: int) -> QuerySet[Any]:
    """Return up to ``limit`` mutations from a position of ``NEWEST_FIRST`` on.

    Each project is read from its index on and no further than the limit: a condition on all of them at once would walk
    the mutations of everybody. So may one on a single project, by the primary key, if it has many of all; no project is
    0: with it the filter is no equality, so the order needs both columns, and that index alone has them.
    """
    conditions, params = _conditions(query)
    light = _light(Mutation.objects.filter(project__in=list(query.project_ids))).order_by(*position.order())
    if position.key is not None:
        conditions.append(f"mutation.id {'>' if position.backwards else '<'} %s")
        params.append(position.key[1])
    direction, other_way = ("ASC", "DESC") if position.backwards else ("DESC", "ASC")  # as in the indexes
    words = [] if query.statuses is None else [list(query.statuses)]
    if citus.is_spread():  # no such join is made there
        asked = [*conditions, *(["(mutation.body ->> 'status') = ANY(%s)"] if words else [])]
        sql = f"""
            SELECT mutation.id FROM issues_mutation AS mutation
            WHERE {" AND ".join(["mutation.project_id = %s", *asked])}
            ORDER BY mutation.id {direction}
            LIMIT {limit:d}
        """
        found = [pk for project_id in query.project_ids for pk in _ids(sql, [project_id, *params, *words])]
        return light.filter(pk__in=sorted(found, reverse=not position.backwards)[:limit])
    places: list[Iterable[int]] = [query.project_ids]
    if bounds is not None:
        conditions.insert(0, "mutation.id >= place.low AND mutation.id < place.high")
        places = list(zip(*bounds, strict=True)) or [(), (), ()]
    if words:
        conditions.append("(mutation.body ->> 'status') = said.word")
    ids = RawSQL(
        f"""
        SELECT page.id
        FROM unnest({", ".join(["%s::bigint[]"] * len(places))})
            AS place ({", ".join(("project_id", "low", "high")[: len(places)])})
        {"CROSS JOIN unnest(%s::text[]) AS said (word)" if words else ""}
        CROSS JOIN LATERAL (
            SELECT mutation.id FROM issues_mutation AS mutation
            WHERE mutation.project_id IN (0, place.project_id) {"".join(f" AND {each}" for each in conditions)}
            ORDER BY mutation.project_id {other_way}, mutation.id {direction}
            LIMIT {limit:d}
        ) AS page
        ORDER BY page.id {direction}
        LIMIT {limit:d}
        """,
        [*map(as_array, places), *words, *params],
        output_field=BigIntegerField(),
    )
    return light.filter(pk__in=ids)


def _ids(sql: str, params: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [pk for (pk,) in cursor.fetchall()]


def _conditions(query: MutationQuery) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    params: list[Any] = []
    for condition, value in (
        ("mutation.user_id = %s", query.user_id),
        ("mutation.api_key_id = %s", query.api_key_id),
        ("mutation.created_at >= %s", query.since),
        ("mutation.created_at < %s", query.until),
        ("mutation.body ? %s", query.key),
        ("mutation.kind = %s", None if query.kind is None else query.kind.value),
    ):
        if value is not None:
            conditions.append(condition)
            params.append(value)
    if query.kind not in (None, MutationKind.UPDATE):
        conditions.append("mutation.kind <> 'update'")
    if query.statuses is not None:
        conditions.append("mutation.body ? 'status'")
    return conditions, params


# ---------------------------------------------------------------------------------------------------------------------
# A time as ids
# ---------------------------------------------------------------------------------------------------------------------


def _bounds(query: MutationQuery) -> Sequence[Bounds] | None:
    """Return between which ids the mutations of that time are in each project, and few others; None where no time is
    asked, nor where machines would have to be asked again and again."""
    if query.since is None or query.until is None or citus.is_spread():
        return None
    low = _first_since(query.since - LONGEST_WAIT, query.project_ids)
    high = _first_since(query.until + LONGEST_WAIT, query.project_ids)
    return [(project_id, low[project_id], high[project_id]) for project_id in low]


def _first_since(at: datetime, project_ids: Sequence[int]) -> dict[int, int]:
    """Return about the first id of that time or later in each project that has any, by halving: no index has the times,
    and none is needed.

    As in :func:`_rows`, no project is 0: else the primary key would be walked, through the mutations of all others.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE search (project_id, low, high) AS (
                SELECT place.project_id, least.id, most.id + 1
                FROM unnest(%(project_ids)s::bigint[]) AS place (project_id)
                CROSS JOIN LATERAL (
                    SELECT id FROM issues_mutation WHERE project_id IN (0, place.project_id)
                    ORDER BY project_id DESC, id LIMIT 1
                ) AS least
                CROSS JOIN LATERAL (
                    SELECT id FROM issues_mutation WHERE project_id IN (0, place.project_id)
                    ORDER BY project_id, id DESC LIMIT 1
                ) AS most
                UNION ALL
                SELECT search.project_id,
                       CASE WHEN probe.created_at < %(at)s THEN probe.id + 1 ELSE search.low END,
                       CASE WHEN probe.created_at < %(at)s THEN search.high ELSE half.id END
                FROM search
                CROSS JOIN LATERAL (SELECT search.low + (search.high - search.low) / 2) AS half (id)
                CROSS JOIN LATERAL (
                    SELECT id, created_at FROM issues_mutation
                    WHERE project_id IN (0, search.project_id) AND id >= half.id
                    ORDER BY project_id DESC, id LIMIT 1
                ) AS probe
                WHERE search.low < search.high
            )
            SELECT project_id, low FROM search WHERE low >= high
            """,
            {"at": at, "project_ids": as_array(project_ids)},
        )
        return dict(cursor.fetchall())


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


# ---------------------------------------------------------------------------------------------------------------------
# Who asked
# ---------------------------------------------------------------------------------------------------------------------


def find_author(
    word: str, organization_ids: Collection[int], project_ids: Collection[int], *, by: Caller
) -> User | ApiKey | None:
    """Return whose mutations a word asks for: ``me``, a member as :mod:`projects.actors` says, or ``key:ID``.

    Nobody outside of these organizations is known, but for who is named by the history of these projects: who has left,
    or a superuser, by the id. Nor is one of two who are called so.
    """
    if word.casefold() == "me" and by.user is not None:
        return by.user
    kind, _, pk = word.partition(":")
    if kind == "key":
        keys = ApiKey.objects.filter(organization__in=organization_ids, pk=int(pk) if is_id(pk) else 0)
        return keys.first()
    for way, rows in ways_to_find(word, organization_ids):
        if way != Way.TEAM:
            found = {member.user_id: member.user for member in rows.select_related("user")[:10]}
            if found:
                return next(iter(found.values())) if len(found) == 1 else None
    return _find_who_did_something(word, project_ids)


def _find_who_did_something(word: str, project_ids: Collection[int]) -> User | None:
    if not is_id(word):
        return None
    theirs = (Mutation.objects.filter(project__in=group, user=int(word)) for group in citus.together(project_ids))
    return User.objects.filter(pk=int(word)).first() if any(found.exists() for found in theirs) else None


def suggest_authors(organization_ids: Collection[int], limit: int) -> tuple[list[str], list[ApiKey]]:
    """Return user names and API keys of these organizations, so many of each."""
    members = OrganizationMember.objects.filter(organization__in=organization_ids).order_by("user__username")
    keys = ApiKey.objects.filter(organization__in=organization_ids).order_by("pk")
    return list(members.values_list("user__username", flat=True).distinct()[:limit]), list(keys[:limit])
