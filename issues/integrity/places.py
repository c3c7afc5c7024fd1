"""People, teams and releases."""

from issues.integrity.checking import Invariant
from projects.querysets import release_order

# Who set, did or marked something is no foreign key in the database (models.py); who is deleted is taken out by Django.
PEOPLE = tuple(
    Invariant(
        f"people of {of}",
        f"whoever {does} is there",
        of,
        f"""
        SELECT row.id FROM {table} AS row
        WHERE row.{column} IS NOT NULL
          AND NOT EXISTS (SELECT FROM projects_user AS person WHERE person.id = row.{column})
        """,
    )
    for of, table, column, does in (
        ("issues", "issues_issue", "status_by_id", "gave an issue its status"),
        ("activities", "issues_activity", "user_id", "did what an activity tells"),
        ("mutations", "issues_mutation", "marks_of_id", "has the marks that a mutation set"),
    )
)

TEAMS = Invariant(
    "teams",
    "a team works on projects of its own organization, and issues are assigned to teams of theirs",
    "teams",
    """
    SELECT team.id
    FROM projects_project_teams AS works_on
    JOIN projects_team AS team ON team.id = works_on.team_id
    JOIN projects_project AS project ON project.id = works_on.project_id
    WHERE project.organization_id <> team.organization_id
    UNION
    SELECT team.id
    FROM (SELECT DISTINCT project_id, assignee_team_id FROM issues_issue) AS assigned
    JOIN projects_team AS team ON team.id = assigned.assignee_team_id
    JOIN projects_project AS project ON project.id = assigned.project_id
    WHERE project.organization_id <> team.organization_id
    """,
)

RELEASES = Invariant(
    "releases",
    "the releases that an issue names are its project's",
    "issues",
    """
    WITH named AS (
        SELECT project_id, release.id
        FROM (
            SELECT DISTINCT project_id, first_release_id, last_release_id, own_first_release_id, own_last_release_id,
                            resolution_release_id
            FROM issues_issue
        ) AS used
        CROSS JOIN unnest(ARRAY[first_release_id, last_release_id, own_first_release_id, own_last_release_id,
                                resolution_release_id]) AS release (id)
    ),
    foreign_release AS MATERIALIZED (
        SELECT DISTINCT project_id, id
        FROM named
        WHERE id IS NOT NULL
          AND NOT EXISTS (
              SELECT FROM projects_release AS release
              WHERE release.id = named.id AND release.project_id = named.project_id
          )
    )
    SELECT DISTINCT issue.id
    FROM foreign_release
    JOIN issues_issue AS issue ON issue.project_id = foreign_release.project_id
     AND foreign_release.id IN (issue.first_release_id, issue.last_release_id, issue.own_first_release_id,
                                issue.own_last_release_id, issue.resolution_release_id)
    """,
)

# One that may have been dated in the future when it came is the next by time alone, and settles nothing before somebody
# changes a release.
WAITING = Invariant(
    "waiting",
    "no issue waits for the next release when that is there",
    "issues",
    f"""
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN projects_release AS base ON base.id = issue.resolution_release_id
    WHERE issue.resolution_kind = 'in_next_release'
      AND EXISTS (
          SELECT FROM projects_release AS newer
          WHERE newer.project_id = issue.project_id AND newer.dated_at <= newer.created_at
            AND (base.id IS NULL OR ({release_order("newer")}) > ({release_order("base")}))
      )
    """,
)

ORDER_OF_RELEASES = Invariant(
    "order of releases",
    "a release of a package is dated by the latest one up to its number",
    "releases",
    """
    WITH dated AS (
        SELECT id, max(ARRAY[(extract(epoch FROM dated_at) * 1000000)::bigint, id])
                       OVER (PARTITION BY project_id, package ORDER BY number) AS pair
        FROM projects_release
        WHERE package <> ''
    )
    SELECT release.id
    FROM projects_release AS release
    JOIN dated ON dated.id = release.id
    JOIN projects_release AS latest ON latest.id = dated.pair[2]
    WHERE (release.ordered_by_id, release.ordered_at) IS DISTINCT FROM (latest.id, latest.dated_at)
    """,
)
