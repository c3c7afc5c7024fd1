"""The state of a project: a row by which its releases, and the numbers of its issues, are kept from others."""

from collections.abc import Collection

from django.db import connection

from projects.database import citus


def hold_next_release(project_id: int) -> None:
    """Let no release of the project come or change its date before the commit; before any issue is locked."""
    _lock_states([project_id], "SHARE")


def lock_state_of(project_ids: Collection[int]) -> set[int]:
    """Keep the numbers and the releases of these projects for this transaction alone to change; return which projects
    there are.

    In the order of ids, and before any release or issue. Who only points at a project does not wait.
    """
    return _lock_states(project_ids, "NO KEY UPDATE")


def take_short_numbers(project_id: int, count: int) -> int:
    """Return the first of so many numbers for new issues of the project, held until the commit as by
    :func:`lock_state_of`.

    They are above all that were ever given, also by who wrote rows without asking here.
    """
    lock_state_of([project_id])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE issues_projectstate AS state
            SET next_short_number = %(count)s + greatest(state.next_short_number, 1 + coalesce(
                (SELECT max(issue.short_number) FROM issues_issue AS issue WHERE issue.project_id = %(project_id)s), 0
            ))
            WHERE state.project_id = %(project_id)s
            RETURNING next_short_number - %(count)s
            """,
            {"project_id": project_id, "count": count},
        )
        first: int = cursor.fetchone()[0]
        return first


def _lock_states(project_ids: Collection[int], strength: str) -> set[int]:
    return {pk for group in citus.together(project_ids) for pk in _lock_states_of(group, strength)}


def _lock_states_of(wanted: list[int], strength: str) -> set[int]:
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                f"""
                SELECT project_id FROM issues_projectstate
                WHERE project_id = ANY(%s::bigint[])
                ORDER BY project_id
                FOR {strength}
                """,
                [wanted],
            )
            found = {pk for (pk,) in cursor.fetchall()}
            if len(found) == len(set(wanted)):
                break
            # Projects are made in many ways, by forms, seeds and scripts: what is missing is made when it is needed.
            for project_id in sorted(set(wanted) - found):
                _make_state(project_id)
    return found


def _make_state(project_id: int) -> None:
    """Make the state of a project that has none, if there is that project. Nobody's numbers depend on it yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(short_number), 0) + 1 FROM issues_issue WHERE project_id = %s", [project_id]
        )
        cursor.execute(
            """
            INSERT INTO issues_projectstate (project_id, next_short_number)
            SELECT id, %s FROM projects_project WHERE id = %s
            ON CONFLICT (project_id) DO NOTHING
            """,
            [cursor.fetchone()[0], project_id],
        )
