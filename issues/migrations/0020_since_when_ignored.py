from django.db import migrations, models

# A window counts from the time at which the issue was ignored. No events were counted before: it may as well be now
# where nothing tells.
STARTED = """
    UPDATE issues_issue AS issue
    SET snooze_started_at = coalesce(
        (
            SELECT ignored.created_at FROM issues_activity AS ignored
            WHERE ignored.issue_id = issue.id AND ignored.kind = 'set_ignored'
            ORDER BY ignored.id DESC
            LIMIT 1
        ),
        now()
    )
    WHERE issue.snooze_started_at IS NULL AND num_nonnulls(issue.snooze_window_count, issue.snooze_window_user_count) > 0
"""
# And one that an undo brings back, when it was overwritten.
OVERWRITTEN = """
    UPDATE issues_activity SET before_snooze_started_at = created_at
    WHERE before_snooze_started_at IS NULL
      AND num_nonnulls(before_snooze_window_count, before_snooze_window_user_count) > 0
"""


class Migration(migrations.Migration):
    """Terms with a window begin when they were asked for; and what events overwrote is found by its age."""

    dependencies = [("issues", "0019_listed_by_status")]

    operations = [
        migrations.RunSQL(STARTED, migrations.RunSQL.noop),
        migrations.RunSQL(OVERWRITTEN, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                fields=["created_at"],
                condition=models.Q(("before_status__isnull", False), ("mutation_id__isnull", True)),
                name="issues_activity_of_events",
            ),
        ),
    ]
