from django.db import migrations

KNOWN = [
    *("status", "statusDetails", "ignoreDuration", "snoozeDuration", "ignoreCount", "ignoreWindow"),
    *("ignoreUserCount", "ignoreUserWindow", "assignedTo", "isPublic", "merge", "hasSeen", "isBookmarked"),
    "isSubscribed",
]
KNOWN_DETAILS = [
    *("inNextRelease", "inRelease", "ignoreDuration", "ignoreCount", "ignoreWindow"),
    *("ignoreUserCount", "ignoreUserWindow"),
]


def forget_what_was_not_understood(apps, schema_editor):
    """Until now, the history kept bodies whole, with up to a megabyte of keys that meant nothing."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE issues_mutation AS mutation
            SET body = understood.body
            FROM (
                SELECT old.id, coalesce(
                    jsonb_object_agg(
                        part.key,
                        CASE WHEN part.key = 'statusDetails' THEN details.known ELSE part.value END
                    ) FILTER (WHERE part.key = ANY(%(known)s)),
                    '{}'
                ) AS body
                FROM issues_mutation AS old
                CROSS JOIN LATERAL jsonb_each(old.body) AS part
                CROSS JOIN LATERAL (
                    SELECT coalesce(jsonb_object_agg(detail.key, detail.value), '{}') AS known
                    FROM jsonb_each(CASE WHEN part.key = 'statusDetails' THEN part.value ELSE '{}' END) AS detail
                    WHERE detail.key = ANY(%(details)s)
                ) AS details
                GROUP BY old.id
            ) AS understood
            WHERE understood.id = mutation.id AND understood.body <> mutation.body
            """,
            {"known": KNOWN, "details": KNOWN_DETAILS},
        )


class Migration(migrations.Migration):
    dependencies = [("issues", "0010_activity_by_time")]

    operations = [migrations.RunPython(forget_what_was_not_understood, migrations.RunPython.noop)]
