"""What names a project, and what only looks as if it did."""

import pytest

from tests.statements.judging import faults

TABLES = {
    "issues_issue": {"id", "project_id", "share_id", "merged_into_id"},
    "issues_activity": {"id", "project_id", "issue_id", "mutation_id"},
    "projects_project": {"id", "slug"},
}

NAMED = [
    "SELECT id FROM issues_issue WHERE project_id = %s AND id = %s",
    "SELECT id FROM issues_issue WHERE id = 1 AND (project_id = %(project_id)s::bigint) FOR UPDATE OF issues_issue",
    "SELECT id FROM issues_issue WHERE project_id IN (%s, %s)",
    "SELECT id FROM issues_issue WHERE project_id = ANY((SELECT %s::bigint[])::bigint[])",
    "SELECT id FROM issues_issue WHERE (project_id, id) IN ((%s, %s), (%s, %s))",
    "SELECT id FROM issues_issue WHERE (project_id = %s AND id = %s) OR (project_id = %s AND id = %s)",
    "SELECT id FROM issues_issue JOIN projects_project AS p ON p.id = project_id WHERE p.id = %s",
    "SELECT 1 FROM issues_issue i JOIN issues_activity a ON a.project_id = i.project_id WHERE a.project_id = %s",
    "SELECT 1 FROM issues_issue i JOIN issues_activity USING (project_id) WHERE i.project_id = %s",
    "SELECT 1 FROM issues_issue i LEFT JOIN issues_activity a ON a.project_id = i.project_id WHERE i.project_id = %s",
    "SELECT EXISTS (SELECT FROM issues_activity a WHERE a.project_id = i.project_id) FROM issues_issue i"
    " WHERE i.project_id = %s",
    "SELECT 1 FROM issues_issue WHERE (project_id, id) IN"
    " (SELECT project_id, issue_id FROM issues_activity WHERE project_id = %s)",
    "SELECT 1 FROM issues_issue i LEFT JOIN LATERAL"
    " (SELECT FROM issues_activity a WHERE a.project_id = i.project_id LIMIT 1) x ON true WHERE i.project_id = %s",
    "SELECT 1 FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (project_id, id)"
    " JOIN LATERAL (SELECT FROM issues_issue i WHERE i.project_id = wanted.project_id AND i.id = wanted.id) x ON true",
    "SELECT 1 FROM ((SELECT * FROM issues_issue WHERE project_id = %s) UNION ALL"
    " (SELECT * FROM issues_issue WHERE project_id = %s)) AS page JOIN issues_activity USING (project_id)",
    "WITH RECURSIVE tree (project_id, id) AS (SELECT project_id, id FROM issues_issue WHERE project_id = %s UNION"
    " SELECT i.project_id, i.id FROM issues_issue i JOIN tree USING (project_id)) SELECT id FROM tree",
    "WITH gone AS (DELETE FROM issues_issue WHERE project_id = %s RETURNING project_id, id)"
    " INSERT INTO issues_activity (project_id, issue_id) SELECT project_id, id FROM gone",
    "INSERT INTO issues_activity (project_id) VALUES (%s), (%s) ON CONFLICT DO NOTHING",
    "INSERT INTO issues_activity (project_id, issue_id) SELECT %s, id FROM unnest(%s::bigint[]) AS issue (id)"
    " ON CONFLICT (project_id, issue_id) DO UPDATE SET mutation_id = excluded.mutation_id",
    "UPDATE issues_issue AS i SET share_id = %s FROM unnest(%s, %s) AS w (project_id, id)"
    " WHERE i.project_id = w.project_id AND i.id = w.id",
    "DELETE FROM issues_activity AS a USING issues_issue AS i WHERE i.project_id = %s AND a.project_id = i.project_id",
    "SET LOCAL statement_timeout = '5s'; SELECT id FROM issues_issue WHERE project_id = %s",
    "SAVEPOINT one",
    "ALTER TABLE issues_issue ADD COLUMN another bigint",
]

NOT_NAMED = [
    # what only looks as if it did
    "SELECT project_id FROM issues_issue WHERE id = %s",
    "SELECT CASE WHEN project_id = %s THEN 1 END FROM issues_issue",
    "SELECT count(*) FILTER (WHERE project_id = %s) FROM issues_issue",
    "SELECT 1 FROM issues_issue GROUP BY project_id HAVING project_id = %s",
    "SELECT 1 FROM issues_issue WHERE project_id = %s OR id = %s",
    "SELECT 1 FROM issues_issue WHERE NOT project_id = %s",
    "SELECT 1 FROM issues_issue WHERE project_id > %s",
    "SELECT 1 FROM issues_issue WHERE project_id = project_id",
    "SELECT 1 FROM issues_issue WHERE project_id = NULL",
    # another reference has none
    "SELECT 1 FROM issues_issue i JOIN issues_activity a ON a.issue_id = i.id WHERE i.project_id = %s",
    "SELECT 1 FROM issues_issue WHERE project_id = %s AND id IN (SELECT issue_id FROM issues_activity)",
    "SELECT 1 FROM issues_issue WHERE project_id = %s AND id = ANY(ARRAY(SELECT issue_id FROM issues_activity))",
    "SELECT (SELECT max(id) FROM issues_activity) FROM issues_issue WHERE project_id = %s",
    "SELECT id FROM issues_issue WHERE project_id = %s UNION SELECT issue_id FROM issues_activity",
    # what an outer join doesn't say of the side that stands alone
    "SELECT 1 FROM issues_issue i LEFT JOIN issues_activity a ON a.project_id = i.project_id AND i.project_id = %s",
    "SELECT 1 FROM issues_issue i LEFT JOIN issues_activity a ON a.project_id = i.project_id AND a.project_id = %s",
    "SELECT 1 FROM unnest(%s) AS w (p) RIGHT JOIN issues_issue ON project_id = w.p",
    "SELECT 1 FROM issues_issue i FULL JOIN issues_activity a ON a.project_id = i.project_id AND a.project_id = %s",
    # what a sub-select says of the query around it
    "SELECT 1 FROM issues_issue i WHERE EXISTS"
    " (SELECT FROM issues_activity a WHERE a.project_id = i.project_id AND i.project_id = %s)",
    # projects that were found, not named
    "SELECT 1 FROM issues_issue i JOIN projects_project p ON p.id = i.project_id WHERE p.slug = %s",
    "SELECT 1 FROM issues_issue WHERE project_id IN (SELECT id FROM projects_project WHERE slug = %s)",
    "WITH found AS (SELECT id AS project_id FROM projects_project)"
    " SELECT 1 FROM issues_issue JOIN found USING (project_id)",
    "WITH RECURSIVE tree (project_id, id) AS (SELECT %s, id FROM issues_issue WHERE project_id = %s UNION"
    " SELECT p.id, i.id FROM tree, projects_project p JOIN issues_issue i ON i.project_id = p.id) SELECT id FROM tree",
    # writes
    "INSERT INTO issues_activity (issue_id) VALUES (%s)",
    "INSERT INTO issues_activity (project_id) VALUES (%s), (DEFAULT)",
    "INSERT INTO issues_activity (project_id, issue_id) SELECT project_id, id FROM issues_issue WHERE id = %s",
    "INSERT INTO issues_activity (project_id) SELECT id FROM projects_project",
    "INSERT INTO issues_activity (project_id) VALUES (%s) ON CONFLICT (issue_id) DO NOTHING",
    "INSERT INTO issues_activity (project_id) VALUES (%s) ON CONFLICT ON CONSTRAINT issues_once DO NOTHING",
    "UPDATE issues_issue SET project_id = %s WHERE id = %s",
    "UPDATE issues_issue SET project_id = %s WHERE project_id = %s",
    "DELETE FROM issues_issue WHERE id = %s",
    # all of it, or nothing that can be told
    "TABLE issues_issue",
    "TRUNCATE issues_issue",
    "COPY issues_issue TO STDOUT",
    "DECLARE everything CURSOR FOR SELECT * FROM issues_issue",
    "MERGE INTO issues_issue USING projects_project ON true WHEN MATCHED THEN DO NOTHING",
    "SET LOCAL statement_timeout = '5s'; SELECT 1 FROM issues_issue",
    "SELECT (",
]


@pytest.mark.parametrize("sql", NAMED)
def test_names_its_project(sql: str) -> None:
    assert faults(sql, TABLES) == []


@pytest.mark.parametrize("sql", NOT_NAMED)
def test_does_not_name_its_project(sql: str) -> None:
    assert faults(sql, TABLES)


def test_a_fault_says_which_table_by_which_name() -> None:
    sql = "SELECT 1 FROM issues_issue AS child JOIN issues_activity USING (project_id)"

    assert faults(sql, TABLES) == [
        "issues_issue, called child, is without its project",
        "issues_activity is without its project",
    ]


def test_a_look_up_may_ask_its_own_table_alone() -> None:
    found = "SELECT 1 FROM issues_issue i JOIN issues_activity a ON a.{} = i.{} WHERE i.share_id = %s"

    assert faults(found.format("project_id", "project_id"), TABLES, looked_up="issues_issue") == []
    assert faults(found.format("issue_id", "id"), TABLES, looked_up="issues_issue") == [
        "issues_activity, called a, is without its project"
    ]
