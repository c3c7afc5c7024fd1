from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("issues", "0009_whose_marks")]

    operations = [
        migrations.AddIndex(
            model_name="activity",
            index=BrinIndex(fields=["created_at"], name="issues_activity_by_time"),
        ),
    ]
