from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0024_project_in_every_key"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="activity",
            name="issues_activity_of_events",
        ),
    ]
