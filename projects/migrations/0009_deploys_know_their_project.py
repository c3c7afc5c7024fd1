import django.db.models.deletion
from django.db import migrations, models

FILL = """
    UPDATE projects_deploy AS deploy SET project_id = release.project_id
    FROM projects_release AS release WHERE release.id = deploy.release_id
"""


class Migration(migrations.Migration):
    """A deploy carries its release's project. The foreign key to the release has it from issues 0024 on."""

    dependencies = [("projects", "0008_client_keys")]

    operations = [
        migrations.AddField(
            model_name="deploy",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="projects.project",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="deploy",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="projects.project",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="deploy",
                    name="release",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deploys",
                        to="projects.release",
                    ),
                ),
            ],
        ),
    ]
