from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0005_notes"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="issue",
            name="issues_issue_snoozed_until",
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("project"),
                models.OrderBy(models.F("last_seen"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("snooze_ends_at"),
                condition=models.Q(("merged_into__isnull", True), ("snooze_ends_at__isnull", False)),
                name="issues_issue_snoozed_by_time",
            ),
        ),
    ]
