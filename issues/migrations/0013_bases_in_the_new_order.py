from django.db import migrations

NEW_ORDER = "ordered_at DESC, ordered_by_id DESC, number DESC, dated_at DESC, id DESC"

# What waits for the next release was based on the newest one, by date. Of those that were there by then, another one may be
# the newest now, by number: it is no next release.
REBASE = f"""
    CREATE TEMPORARY TABLE rebased ON COMMIT DROP AS
    SELECT base.id AS old_id, newest.id AS new_id
    FROM projects_release AS base
    CROSS JOIN LATERAL (
        SELECT id FROM projects_release
        WHERE project_id = base.project_id AND dated_at <= base.dated_at
        ORDER BY {NEW_ORDER}
        LIMIT 1
    ) AS newest
    WHERE base.id IN (
        SELECT resolution_release_id FROM issues_issue WHERE resolution_kind = 'in_next_release'
        UNION
        SELECT before_resolution_release_id FROM issues_activity WHERE before_resolution_kind = 'in_next_release'
    ) AND newest.id <> base.id;

    UPDATE issues_issue SET resolution_release_id = rebased.new_id
    FROM rebased
    WHERE rebased.old_id = resolution_release_id AND resolution_kind = 'in_next_release';

    UPDATE issues_activity SET before_resolution_release_id = rebased.new_id
    FROM rebased
    WHERE rebased.old_id = before_resolution_release_id AND before_resolution_kind = 'in_next_release';

    SET CONSTRAINTS ALL IMMEDIATE;
    DROP TABLE rebased
"""

# And back: what waits knows nothing newer, so by date it waits for what comes after the newest one there is. What an undo
# would put back is left as it is: which of the releases that came since settle it, the old order says by itself.
BASE_ON_THE_NEWEST_BY_DATE = """
    UPDATE issues_issue AS issue SET resolution_release_id = newest.id
    FROM projects_release AS base
    CROSS JOIN LATERAL (
        SELECT id FROM projects_release WHERE project_id = base.project_id ORDER BY dated_at DESC, id DESC LIMIT 1
    ) AS newest
    WHERE base.id = issue.resolution_release_id AND issue.resolution_kind = 'in_next_release'
      AND newest.id <> base.id
"""


class Migration(migrations.Migration):
    """Let what waits for the next release go on waiting, now that the order is another one."""

    dependencies = [("issues", "0012_releases_of_a_project"), ("projects", "0007_numbers_of_releases")]

    operations = [migrations.RunSQL(REBASE, BASE_ON_THE_NEWEST_BY_DATE)]
