from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0002_search_text"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("project"),
                models.OrderBy(models.F("first_seen"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("merged_into__isnull", True)),
                name="issues_issue_listed_by_age",
            ),
        ),
    ]
