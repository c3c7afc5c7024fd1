import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make room: a release will be of one project. issues/0012 fills it, and 0006 takes away what was there before."""

    dependencies = [("projects", "0004_used_last")]

    operations = [
        migrations.RemoveIndex(model_name="release", name="projects_release_newest_first"),
        migrations.RemoveConstraint(model_name="release", name="projects_release_version_once_per_organization"),
        migrations.AlterField(
            model_name="release",
            name="organization",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="releases",
                to="projects.organization",
            ),
        ),
        # Renamed, since a project's releases are to be called as its many-to-many rows were.
        migrations.AlterField(
            model_name="release",
            name="projects",
            field=models.ManyToManyField(related_name="+", to="projects.project"),
        ),
        migrations.AddField(
            model_name="release",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="releases",
                to="projects.project",
            ),
        ),
        migrations.AddField(
            model_name="deploy",
            name="told_as_id",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
    ]
