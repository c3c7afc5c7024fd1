import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    """A release is one project's; with columns for what it sorts by."""

    dependencies = [("projects", "0005_releases_get_a_project"), ("issues", "0012_releases_of_a_project")]

    operations = [
        migrations.RemoveField(model_name="release", name="ordered_at"),
        migrations.RemoveField(model_name="release", name="projects"),
        migrations.RemoveField(model_name="release", name="organization"),
        migrations.AlterField(
            model_name="release",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="releases",
                to="projects.project",
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="package",
            field=models.CharField(blank=True, default="", editable=False, max_length=250),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="release",
            name="number",
            field=models.TextField(blank=True, db_collation="C", default="", editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="release",
            name="carried_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="carried_by_id",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="release",
            name="dated_at",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce("released_at", "created_at"),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="ordered_at",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce("carried_at", "released_at", "created_at"),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="ordered_by_id",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce("carried_by_id", "id"),
                output_field=models.BigIntegerField(),
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                fields=("project", "version"), name="projects_release_version_once_per_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", ""), ("package", "")),
                    models.Q(
                        models.Q(("package", ""), _negated=True),
                        models.Q(("number", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="projects_release_number_is_of_a_package",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("carried_at__isnull", True), ("carried_by_id__isnull", True)),
                    models.Q(
                        models.Q(("package", ""), _negated=True),
                        ("carried_at__isnull", False),
                        ("carried_by_id__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="projects_release_carried_within_a_package",
            ),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(
                "project",
                "ordered_at",
                "ordered_by_id",
                "number",
                "dated_at",
                "id",
                name="projects_release_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(
                "project",
                "package",
                "number",
                name="projects_release_by_number",
                condition=models.Q(("package", ""), _negated=True),
            ),
        ),
    ]
