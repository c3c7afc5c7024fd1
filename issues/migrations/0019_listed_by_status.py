from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0018_events_come_in"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("project"),
                models.F("status"),
                models.OrderBy(models.F("last_seen"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("merged_into__isnull", True)),
                name="issues_issue_listed_by_status",
            ),
        ),
        migrations.RemoveIndex(model_name="issue", name="issues_issue_unresolved"),
        migrations.RemoveIndex(model_name="issue", name="issues_issue_listed"),
    ]
