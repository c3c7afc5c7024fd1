"""What may be found, and by whom. Below models.py: a queryset needs ``self``, never the class."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Count,
    Exists,
    F,
    FilteredRelation,
    Min,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from projects.database import reading
from projects.database.rows import columns_of, model_of

MAX_ID = 2**63 - 1  # the largest of our keys


class Caller(Protocol):
    """What must be known of a :class:`projects.callers.Caller`, which stands above the models, to find what it sees."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def sees_everything(self) -> bool: ...
    @property
    def sees_organization_id(self) -> int | None: ...


def is_id(word: str) -> bool:
    """Return whether a word is an id: ASCII digits, leading zeros or not, from 1 up to 64 bits."""
    digits = word.lstrip("0") if word.isascii() and word.isdigit() else ""
    return 1 <= len(digits) <= 19 and int(digits) <= MAX_ID  # more digits are not even converted


def read_name(word: str) -> tuple[str, int | str] | None:
    """Return the column and value that a path segment stands for: a slug, or digits for an id (slugs are never all
    digits); None when no row has such an id, and for a text that PostgreSQL doesn't take."""
    if is_id(word):
        return "id", int(word.lstrip("0"))
    if (word.isascii() and word.isdigit()) or "\0" in word:
        return None
    return "slug", word


def slug_or_id(word: str, prefix: str = "") -> Q:
    """Return the condition that a path segment stands for (:func:`read_name`)."""
    name = read_name(word)
    return Q(pk__in=[]) if name is None else Q(**{f"{prefix}{name[0]}": name[1]})


def _is_mine(model: Any, caller: Caller, people: str) -> Exists | Value:
    """Return whether the caller is among these people of a row; a key is nobody, and None would find who has none."""
    if caller.user_id is None:
        return Value(False, BooleanField())
    return Exists(model._default_manager.filter(Q(**{people: caller.user_id}), pk=OuterRef("pk")))


class MentioningQuerySet(QuerySet[Any]):
    """Rows that people look for by a part of a name."""

    names: ClassVar[tuple[str, ...]] = ("slug", "name")

    def mentioning(self, text: str) -> Self:
        """Keep the rows with this text in one of their names, whatever the case; an empty text keeps all."""
        if "\0" in text:  # PostgreSQL takes no such text
            return self.none()
        found = Q()
        for name in self.names:
            found |= Q(**{f"{name}__icontains": text})
        return self.filter(found) if text else self


class OrganizationQuerySet(MentioningQuerySet):
    def visible_to(self, caller: Caller) -> Self:
        """Keep the organizations that the caller belongs to; a superuser sees all."""
        if caller.sees_everything:
            return self
        if caller.sees_organization_id is not None:
            return self.filter(pk=caller.sees_organization_id)
        return self.none() if caller.user_id is None else self.filter(memberships__user=caller.user_id)

    def named(self, organization: str) -> Self:
        """Keep the one that a path names, by slug or numeric id."""
        return self.filter(slug_or_id(organization))

    def with_role_of(self, caller: Caller) -> Self:
        """Read along what the caller is in each: ``caller_role``, None for who is no member (a key, a superuser)."""
        mine = FilteredRelation("memberships", condition=Q(memberships__user=caller.user_id))
        return self.annotate(mine=mine, caller_role=F("mine__role"))


class MembershipQuerySet(MentioningQuerySet):
    names = ("user__username", "user__name", "user__email")

    def of(self, organization: Any, *, projects: QuerySet[Any] | None = None) -> Self:
        """Keep the members of an organization who can still log in; each user with the teams that they are on there.

        :param projects: which projects each of these teams brings along, as ``seen_projects``.
        """
        on: QuerySet[Any] = organization.teams.order_by("slug")
        if projects is not None:
            on = on.prefetch_related(Prefetch("projects", queryset=projects, to_attr="seen_projects"))
        teams = Prefetch("user__teams", queryset=on)
        return (
            self.filter(organization=organization, user__is_active=True).select_related("user").prefetch_related(teams)
        )


class TeamQuerySet(MentioningQuerySet):
    def with_members_counted(self, caller: Caller) -> Self:
        """Read along ``member_count``, of active members of the organization, and ``is_mine``: the caller is on it."""
        on_it = self.model.members.through._default_manager.filter(
            team=OuterRef("pk"), user__is_active=True, user__memberships__organization=OuterRef("organization")
        )
        # Counted team by team, so that a page counts its own teams only.
        counted = on_it.order_by().values("team").annotate(count=Count("pk")).values("count")
        return self.annotate(
            member_count=Coalesce(Subquery(counted), 0), is_mine=_is_mine(self.model, caller, "members")
        )


# The projects that a user sees as a member of their organization (contract 1.2): by role, team or open membership.
OF_MEMBER = """
    FROM projects_organizationmember AS member
    JOIN projects_organization AS organization ON organization.id = member.organization_id
    JOIN projects_project AS project ON project.organization_id = organization.id
    WHERE member.user_id = %s
      AND (organization.open_membership
           OR member.role IN ('manager', 'owner')
           OR EXISTS (
               SELECT FROM projects_project_teams AS works_on
               JOIN projects_team_members AS on_team ON on_team.team_id = works_on.team_id
               WHERE works_on.project_id = project.id AND on_team.user_id = member.user_id
           ))
"""
# The same, so many of them. Whoever sees all of an organization sees the first ones; the others have what is their
# teams'.
FIRST_OF_MEMBER = """
    SELECT project.id
    FROM projects_organizationmember AS member
    JOIN projects_organization AS organization ON organization.id = member.organization_id
    CROSS JOIN LATERAL (SELECT organization.open_membership OR member.role IN ('manager', 'owner')) AS sees (everything)
    CROSS JOIN LATERAL (
        (
            SELECT id FROM projects_project
            WHERE organization_id = organization.id AND sees.everything
            ORDER BY slug
            LIMIT {limit:d}
        )
        UNION ALL
        (
            SELECT DISTINCT works_on.project_id
            FROM projects_team_members AS on_team
            JOIN projects_project_teams AS works_on ON works_on.team_id = on_team.team_id
            JOIN projects_project AS of_team ON of_team.id = works_on.project_id
            WHERE on_team.user_id = member.user_id AND of_team.organization_id = organization.id
              AND NOT sees.everything
            LIMIT {limit:d}
        )
    ) AS project (id)
    WHERE member.user_id = %s
    LIMIT {limit:d}
"""
ALL = """
    FROM projects_organization AS organization
    JOIN projects_project AS project ON project.organization_id = organization.id
    WHERE true
"""


def _visible_to(caller: Caller) -> tuple[str, tuple[int, ...]]:
    """Return where the projects come from that the caller may see: SQL from FROM on, and its parameters."""
    if caller.sees_everything:
        return ALL, ()
    if caller.sees_organization_id is not None:
        return f"{ALL} AND organization.id = %s", (caller.sees_organization_id,)
    return (f"{ALL} AND false", ()) if caller.user_id is None else (OF_MEMBER, (caller.user_id,))


class ProjectQuerySet(MentioningQuerySet):
    model: type[Model]

    def visible_to(self, caller: Caller) -> Self:
        """Keep the projects that the caller may see (contract 1.2); the others can't even be found."""
        if caller.sees_everything:
            return self
        sql, params = _visible_to(caller)
        return self.filter(pk__in=RawSQL(f"SELECT project.id {sql}", params))

    def first_visible_to(self, caller: Caller, limit: int) -> Self:
        """Return up to ``limit`` of the projects that the caller may see, in no order: all, where they are not more.

        However many there are, of the caller's organizations and of others: by the indexes of each of theirs.
        """
        if caller.user_id is None or caller.sees_everything:
            return self.visible_to(caller).order_by("organization_id", "slug")[:limit]
        first = FIRST_OF_MEMBER.format(limit=limit)
        return self.filter(pk__in=RawSQL(first, (caller.user_id,)))

    def visible_to_member(self, user_id: int) -> Self:
        """Keep the projects that this user sees as a member of their organization: by role, team or open membership."""
        return self.filter(pk__in=RawSQL(f"SELECT project.id {OF_MEMBER}", (user_id,)))

    def find(self, caller: Caller, organization: str, project: str) -> Any:
        """Return the one project that a path names, if the caller may see it, or None: as ``visible_to`` and
        ``named`` do.

        Most requests begin with this, and in the words of the ORM it takes longer to say than to answer.
        """
        in_organization, called = read_name(organization), read_name(project)
        if in_organization is None or called is None:
            return None
        sql, params = _visible_to(caller)
        with reading.connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns_of(self.model, 'project')} {sql} "
                f"AND organization.{in_organization[0]} = %s AND project.{called[0]} = %s",
                [*params, in_organization[1], called[1]],
            )
            row = cursor.fetchone()
        return None if row is None else model_of(self.model, row)

    def with_teams(self, caller: Caller) -> Self:
        """Read along the organization, the teams, and whether the caller is on one of them: ``is_mine``."""
        mine = _is_mine(self.model, caller, "teams__members")
        return self.select_related("organization").prefetch_related("teams").annotate(is_mine=mine)

    def named(self, organization: str, project: str) -> Self:
        """Keep the one project that a path names; each word is a slug or a numeric id."""
        return self.filter(slug_or_id(organization, "organization__"), slug_or_id(project))


class ApiKeyQuerySet(QuerySet[Any]):
    model: type[Model]

    def with_secret(self, secret_hash: str) -> Any:
        """Return the key with this hash of its secret, or None."""
        with reading.connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns_of(self.model, 'key')} FROM projects_apikey AS key WHERE key.secret_hash = %s",
                [secret_hash],
            )
            row = cursor.fetchone()
        return None if row is None else model_of(self.model, row)


class ApiTokenQuerySet(QuerySet[Any]):
    model: type[Model]

    def with_secret(self, secret_hash: str) -> Any:
        """Return the token with this hash of its secret, its user read along; or None."""
        user: type[Model] = self.model._meta.get_field("user").related_model  # type: ignore[assignment] # by its class
        with reading.connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT {columns_of(self.model, "token")}, {columns_of(user, "person")}
                FROM projects_apitoken AS token JOIN projects_user AS person ON person.id = token.user_id
                WHERE token.secret_hash = %s
                """,
                [secret_hash],
            )
            row = cursor.fetchone()
        if row is None:
            return None
        width = len(self.model._meta.concrete_fields)
        token: Any = model_of(self.model, row[:width])
        token.user = model_of(user, row[width:])
        return token


# What releases sort by (contract section 5), oldest first. Each of a package is dated by the latest one up to its
# number: by that one's date and id, so that of two packages that were dated at the same instant neither stands within
# the other.
RELEASE_ORDER = ("ordered_at", "ordered_by_id", "number", "dated_at", "id")


def release_order(alias: str, *, descending: bool = False) -> str:
    """Return what releases sort by in SQL, of a table by this name; to order by, or as a row to compare."""
    return ", ".join(f"{alias}.{column}{' DESC' if descending else ''}" for column in RELEASE_ORDER)


class ReleaseQuerySet(MentioningQuerySet):
    names = ("version",)

    def of_project(self, project_id: int) -> Self:
        """Keep the releases of this project; elsewhere their versions are unknown."""
        return self.filter(project=project_id)

    def of_projects(self, project_ids: Iterable[int]) -> Self:
        """Keep the releases of these projects, of which several may have one of the same version."""
        return self.filter(project__in=project_ids)

    def named(self, version: str) -> Self:
        """Keep those that a path names: of several projects, one each."""
        return self.none() if "\0" in version else self.filter(version=version)  # PostgreSQL takes no such text

    def out_at(self, at: datetime) -> Self:
        """Keep those that are out, seen from this instant: the others are dated in the future."""
        return self.filter(Q(dated_at__lte=at) | Q(dated_at__lte=F("created_at")))  # as projects.release_order.OUT

    def newest_first(self) -> Self:
        """Order as contract section 5 says."""
        return self.order_by(*(f"-{column}" for column in RELEASE_ORDER))


class DeployQuerySet(QuerySet[Any]):
    def gathered(self, project_ids: Collection[int], release_ids: Sequence[int]) -> Self:
        """Keep the deploys of these releases of these projects; one that was told of several of them once, as its
        first row."""
        found = self.filter(project__in=project_ids, release__in=release_ids)
        if len(project_ids) == 1:  # each was told of it once
            return found
        told_as = Coalesce("told_as_id", "id", output_field=BigIntegerField())
        return found.filter(pk__in=found.order_by().values(told_as=told_as).annotate(first=Min("id")).values("first"))
