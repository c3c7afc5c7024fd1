import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0001_initial"),
        ("projects", "0001_initial"),
    ]

    operations = [
        # Part of PostgreSQL's own distribution, and "trusted": the owner of the database may add it.
        TrigramExtension(),
        migrations.AddIndex(
            model_name="issuetext",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("title"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("culprit"), name="gin_trgm_ops"
                ),
                name="issues_issuetext_words",
            ),
        ),
    ]
