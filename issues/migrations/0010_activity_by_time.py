from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("issues", "0007_awaiting_release")]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=BrinIndex(fields=["created_at"], name="issues_activity_by_time"),
        ),
    ]
