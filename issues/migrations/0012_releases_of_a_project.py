import django.db.models.deletion
from django.db import migrations, models

RELEASES = (
    "first_release_id",
    "last_release_id",
    "own_first_release_id",
    "own_last_release_id",
    "resolution_release_id",
)

# Every project that a release was made for; and those whose issues name it without that, which must lose nothing.
LINK_WHAT_ISSUES_NAME = f"""
    INSERT INTO projects_release_projects (release_id, project_id)
    SELECT release.id, named.project_id
    FROM (
        {" UNION ".join(f"SELECT project_id, {column} FROM issues_issue" for column in RELEASES)}
        UNION
        SELECT project_id, before_resolution_release_id FROM issues_activity
        WHERE before_resolution_release_id IS NOT NULL
    ) AS named (project_id, release_id)
    JOIN projects_release AS release ON release.id = named.release_id
    JOIN projects_project AS project ON project.id = named.project_id
    ON CONFLICT (release_id, project_id) DO NOTHING
"""
# The first of its projects keeps a release under its id, with its deploys; each of the others gets a row of its own.
MAP = """
    CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
    SELECT project_id, old_id,
           CASE place WHEN 1 THEN old_id
                      ELSE nextval(pg_get_serial_sequence('projects_release', 'id')::regclass) END AS new_id
    FROM (
        SELECT project_id, release_id AS old_id,
               row_number() OVER (PARTITION BY release_id ORDER BY project_id) AS place
        FROM projects_release_projects
        ORDER BY release_id, project_id
    ) AS link
"""
SPLIT = """
    UPDATE projects_release AS release SET project_id = moved.project_id
    FROM moved WHERE moved.new_id = release.id;

    INSERT INTO projects_release
        (id, organization_id, project_id, version, ref, url, status, started_at, released_at, created_at)
    SELECT moved.new_id, project.organization_id, moved.project_id, release.version, release.ref, release.url,
           release.status, release.started_at, release.released_at, release.created_at
    FROM moved
    JOIN projects_release AS release ON release.id = moved.old_id
    JOIN projects_project AS project ON project.id = moved.project_id
    WHERE moved.new_id <> moved.old_id
    ORDER BY moved.new_id;

    INSERT INTO projects_deploy (release_id, environment, name, url, started_at, finished_at, told_as_id)
    SELECT moved.new_id, deploy.environment, deploy.name, deploy.url, deploy.started_at, deploy.finished_at, deploy.id
    FROM moved
    JOIN projects_deploy AS deploy ON deploy.release_id = moved.old_id
    WHERE moved.new_id <> moved.old_id
    ORDER BY deploy.id, moved.new_id;

    DELETE FROM moved WHERE new_id = old_id;
    ANALYZE moved
"""
MOVE_REFERENCES = f"""
    UPDATE issues_issue AS issue
    SET {", ".join(f"{column} = coalesce({column}_moved.new_id, was.{column})" for column in RELEASES)}
    FROM issues_issue AS was
    {
    " ".join(
        f"LEFT JOIN moved AS {column}_moved"
        f" ON {column}_moved.project_id = was.project_id AND {column}_moved.old_id = was.{column}"
        for column in RELEASES
    )
}
    WHERE issue.id = was.id
      AND num_nonnulls({", ".join(f"{column}_moved.new_id" for column in RELEASES)}) > 0;

    UPDATE issues_activity AS activity
    SET before_resolution_release_id = moved.new_id
    FROM moved
    WHERE moved.project_id = activity.project_id AND moved.old_id = activity.before_resolution_release_id
"""
DROP_THOSE_OF_NO_PROJECT = """
    DELETE FROM projects_deploy WHERE release_id IN (SELECT id FROM projects_release WHERE project_id IS NULL);
    DELETE FROM projects_release WHERE project_id IS NULL
"""

# And back: of the rows of one version in an organization, the one that was made first is the release.
MAP_BACK = """
    CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
    SELECT release.project_id, release.id AS old_id, project.organization_id,
           first_value(release.id) OVER (
               PARTITION BY project.organization_id, release.version ORDER BY release.created_at, release.id
           ) AS new_id
    FROM projects_release AS release
    JOIN projects_project AS project ON project.id = release.project_id
"""
JOIN = """
    UPDATE projects_release AS release SET organization_id = moved.organization_id
    FROM moved WHERE moved.old_id = release.id;
    INSERT INTO projects_release_projects (release_id, project_id) SELECT new_id, project_id FROM moved;
    UPDATE projects_deploy AS deploy SET release_id = moved.new_id FROM moved WHERE moved.old_id = deploy.release_id;
    DELETE FROM projects_deploy AS again USING projects_deploy AS deploy
    WHERE coalesce(again.told_as_id, again.id) = coalesce(deploy.told_as_id, deploy.id)
      AND again.release_id = deploy.release_id AND again.id > deploy.id;
    DELETE FROM moved WHERE new_id = old_id;
    ANALYZE moved
"""
DROP_THE_OTHERS = "DELETE FROM projects_release WHERE id IN (SELECT old_id FROM moved)"


def give_each_project_its_own(apps, schema_editor):
    """Make each release one row of each of its projects, and let issues name the row of their project."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM projects_release")
        (before,) = cursor.fetchone()
        cursor.execute(LINK_WHAT_ISSUES_NAME)
        cursor.execute(MAP)
        cursor.execute(SPLIT)
        cursor.execute(MOVE_REFERENCES)
        cursor.execute(DROP_THOSE_OF_NO_PROJECT)
        dropped = cursor.rowcount
        cursor.execute("SELECT count(*) FROM projects_release")
        (after,) = cursor.fetchone()
        check_now(cursor)
    if before:
        print(
            f"\n    Releases are a project's now: of {before:,} there are {after:,}, one in each project that had them;"
            f" {dropped:,} of no project are dropped.",
            end="",
        )


def share_them_again(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for statements in (MAP_BACK, JOIN, MOVE_REFERENCES, DROP_THE_OTHERS):
            cursor.execute(statements)
        check_now(cursor)


def check_now(cursor):
    """See that what was written holds; a table can't be altered before."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; DROP TABLE moved")


def references(*, db_constraint):
    """Return the operations that give the columns their constraint, or take it."""
    return [
        migrations.AlterField(
            model_name="issue",
            name=column.removesuffix("_id"),
            field=models.ForeignKey(
                blank=True,
                db_constraint=db_constraint,
                db_index=False,
                null=True,
                on_delete=(
                    django.db.models.deletion.PROTECT
                    if column == "resolution_release_id"
                    else django.db.models.deletion.SET_NULL
                ),
                related_name="+",
                to="projects.release",
            ),
        )
        for column in RELEASES
    ]


class Migration(migrations.Migration):
    """Without the constraints meanwhile: each row that changes, and each release that goes, would be looked at alone, the
    latter by reading all issues. They are checked again as a whole."""

    dependencies = [("issues", "0011_understood_bodies"), ("projects", "0005_releases_get_a_project")]

    operations = [
        *references(db_constraint=False),
        migrations.RunPython(give_each_project_its_own, share_them_again),
        *references(db_constraint=True),
    ]
