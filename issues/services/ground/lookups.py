"""What the body named and was looked up: held, so that it can't go away before the commit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from issues.mutation import Assignee, IssueMutation, Resolve, UnknownActor, UnknownRelease
from issues.services.ground import project_state
from projects.database import citus
from projects.querysets import OF_MEMBER, release_order
from projects.release_order import OUT


@dataclass(frozen=True, slots=True)
class Assignable:
    """Who can take care of issues of a project."""

    user_ids: Collection[int] = ()
    team_ids: Collection[int] = ()


NOBODY = Assignable()


def hold(mutation: IssueMutation, *, project_id: int) -> None:
    """Lock what the mutation names, FOR KEY SHARE: others may change it, nobody can delete it before the commit.

    For "resolved in the next release" no release may come or change its date either, before the commit: it would be
    the one that settles the issues, and would not see them. So the state of the project is locked FOR SHARE, for which
    whoever changes its releases waits (:mod:`project_state`); before any issue, as they do.

    :raises UnknownActor: the user or team was deleted, or left the organization or project.
    :raises UnknownRelease: the release was deleted.
    """
    assignee = mutation.assignment.to if mutation.assignment else None
    if assignee is not None and not _hold_assignee(assignee.type, assignee.id, project_id):
        raise UnknownActor
    if isinstance(mutation.status, Resolve) and mutation.status.in_next_release:
        project_state.hold_next_release(project_id)
    release = mutation.status.in_release if isinstance(mutation.status, Resolve) else None
    if release is not None and not _hold_release(release.id, project_id):
        raise UnknownRelease


def may_be_assigned(*, user_id: str, team_id: str, project_id: str) -> str:
    """Return the SQL condition "a PUT would assign an issue of this project to this user, or to this team".

    The arguments are SQL, too: two columns, one of which is null, and the project's. To nobody is no assignment.
    """
    return f"""
        (EXISTS (
            SELECT {OF_MEMBER.replace("%s", user_id)} AND project.id = {project_id}
               AND EXISTS (SELECT FROM projects_user AS person WHERE person.id = member.user_id AND person.is_active)
        ) OR EXISTS (
            SELECT FROM projects_project_teams AS works_on
            JOIN projects_team AS team ON team.id = works_on.team_id
            JOIN projects_project AS project
                ON project.id = works_on.project_id AND project.organization_id = team.organization_id
            WHERE works_on.team_id = {team_id} AND works_on.project_id = {project_id}
        ))
    """


def hold_assignee(assignee: Assignee, *, project_id: int) -> bool:
    """Lock whom issues of the project shall be assigned to, as :func:`hold` does, but wait for nobody; False if gone.

    For who has locked issues already: whoever deletes a user may have the user, and wait for those.

    :raises OperationalError: somebody else has them just now.
    """
    return _hold_assignee(assignee.type, assignee.id, project_id, wait=False)


def hold_former_assignees(project_id: int, mutation_id: int) -> Assignable:
    """Return those from whom a mutation took issues and to whom a PUT would assign them today, locked as by
    :func:`hold`; before any issue."""
    # Names of tables that the condition doesn't have itself: it would compare its own rows with themselves.
    may_be_user = may_be_assigned(user_id="former_member.user_id", team_id="NULL", project_id="%(project_id)s")
    may_be_team = may_be_assigned(user_id="NULL", team_id="former_team.team_id", project_id="%(project_id)s")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH former AS MATERIALIZED (
                SELECT DISTINCT before_assignee_user_id, before_assignee_team_id
                FROM issues_activity
                WHERE mutation_id = %(mutation_id)s AND project_id = %(project_id)s
                  AND num_nonnulls(before_assignee_user_id, before_assignee_team_id) > 0
            ),
            people AS MATERIALIZED (
                SELECT former_member.user_id AS id
                FROM projects_organizationmember AS former_member
                JOIN projects_project AS project ON project.organization_id = former_member.organization_id
                WHERE project.id = %(project_id)s
                  AND former_member.user_id IN (SELECT before_assignee_user_id FROM former) AND {may_be_user}
                ORDER BY former_member.id
                {citus.key_share(of="former_member")}
            ),
            teams AS MATERIALIZED (
                SELECT former_team.team_id AS id
                FROM projects_project_teams AS former_team
                WHERE former_team.project_id = %(project_id)s
                  AND former_team.team_id IN (SELECT before_assignee_team_id FROM former) AND {may_be_team}
                ORDER BY former_team.id
                {citus.key_share()}
            )
            SELECT ARRAY(SELECT id FROM people), ARRAY(SELECT id FROM teams)
            """,
            {"mutation_id": mutation_id, "project_id": project_id},
        )
        user_ids, team_ids = cursor.fetchone()
        return Assignable(user_ids, team_ids)


def hold_newest_release(project_id: int, *, at: datetime) -> int | None:
    """Return the id of the project's newest release that is out, locked as by :func:`hold`; None when it has none.

    It stays the newest until the commit, since :func:`hold` came first.
    """
    return _lock(
        f"""
        SELECT id
        FROM projects_release AS release
        WHERE project_id = %s AND {OUT.format(release="release").format(at="%s")}
        ORDER BY {release_order("release", descending=True)}
        LIMIT 1
        FOR KEY SHARE
        """,
        project_id,
        at,
    )


def hold_releases(version: str, project_ids: Collection[int]) -> list[tuple[int, int]]:
    """Lock the releases of this version in these projects FOR KEY SHARE, for something that hangs on them; return
    the id and the project of each, by id."""
    held: list[tuple[int, int]] = []
    with connection.cursor() as cursor:
        for group in citus.together(project_ids):
            cursor.execute(
                """
                SELECT id, project_id FROM projects_release
                WHERE version = %s AND project_id = ANY(%s::bigint[])
                ORDER BY id
                FOR KEY SHARE
                """,
                [version, group],
            )
            held += cursor.fetchall()
    return sorted(held)


def _hold_assignee(kind: str, pk: int, project_id: int, *, wait: bool = True) -> bool:
    if kind == "team":
        sql = f"""
            SELECT team.id
            FROM projects_team AS team
            JOIN projects_project_teams AS works_on ON works_on.team_id = team.id
            WHERE team.id = %s AND works_on.project_id = %s
            {citus.key_share(wait=wait)}
        """
    else:
        sql = f"""
            SELECT member.user_id
            FROM projects_organizationmember AS member
            JOIN projects_user AS person ON person.id = member.user_id AND person.is_active
            JOIN projects_project AS project ON project.organization_id = member.organization_id
            WHERE member.user_id = %s AND project.id = %s
            {citus.key_share(of="member, person", wait=wait)}
        """
    return _lock(sql, pk, project_id) is not None


def _hold_release(pk: int, project_id: int) -> bool:
    sql = "SELECT id FROM projects_release WHERE id = %s AND project_id = %s FOR KEY SHARE"
    return _lock(sql, pk, project_id) is not None


def _lock(sql: str, *params: int | datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
        return None if row is None else row[0]
