import django.db.models.deletion
from django.db import migrations, models

from projects.database.keys import Reference, Unique, put_project_in, take_project_out

BY_ID = (
    "projects_release",
    "projects_deploy",
    "issues_issue",
    "issues_issuehash",
    "issues_issuehour",
    "issues_issueseen",
    "issues_issuebookmark",
    "issues_issuesubscription",
    "issues_environment",
    "issues_activity",
    "issues_mutation",
)
UNIQUES = [
    *(Unique(table, f"{table}_pkey", ("id",)) for table in BY_ID),
    Unique("issues_issuetext", "issues_issuetext_pkey", ("issue_id",)),
    Unique("issues_issueminute", "issues_issueminute_pkey", ("issue_id", "minute")),
    Unique("issues_issueuser", "issues_issueuser_pkey", ("issue_id", "user_hash")),
    Unique("issues_issueenvironment", "issues_issueenvironment_pkey", ("issue_id", "environment_id")),
    Unique("issues_issue", "issues_issue_share_id_is_unique", ("share_id",), where="WHERE share_id IS NOT NULL"),
    Unique("issues_issuehour", "issues_issuehour_once_per_issue", ("issue_id", "hour")),
    *(
        Unique(f"issues_issue{mark}", f"issues_issue{mark}_once_per_user", ("issue_id", "user_id"))
        for mark in ("seen", "bookmark", "subscription")
    ),
]
REFERENCES = [
    *(
        Reference("issues_issue", f"{which}_release_id", "projects_release")
        for which in ("own_first", "own_last", "first", "last", "resolution")
    ),
    Reference("issues_issue", "merged_into_id", "issues_issue"),
    *(
        Reference(f"issues_issue{what}", "issue_id", "issues_issue")
        for what in ("text", "hash", "hour", "seen", "bookmark")
    ),
    Reference("issues_issueenvironment", "environment_id", "issues_environment"),
    Reference("projects_deploy", "release_id", "projects_release"),
]


def forth(apps, schema_editor):
    put_project_in(schema_editor.connection, UNIQUES, REFERENCES)


def back(apps, schema_editor):
    take_project_out(schema_editor.connection, UNIQUES, REFERENCES)


class Migration(migrations.Migration):
    """Put the project into every key of what is a project's (docs/decisions/0049)."""

    atomic = False  # indexes are built beside requests

    dependencies = [
        ("issues", "0023_forget_the_admins_counts"),
        ("projects", "0009_deploys_know_their_project"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(forth, back)],
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="issue",
                    name="issues_issue_share_id_is_unique",
                ),
                migrations.RemoveConstraint(
                    model_name="issuebookmark",
                    name="issues_issuebookmark_once_per_user",
                ),
                migrations.RemoveConstraint(
                    model_name="issuehour",
                    name="issues_issuehour_once_per_issue",
                ),
                migrations.RemoveConstraint(
                    model_name="issueseen",
                    name="issues_issueseen_once_per_user",
                ),
                migrations.RemoveConstraint(
                    model_name="issuesubscription",
                    name="issues_issuesubscription_once_per_user",
                ),
                migrations.AlterField(
                    model_name="issue",
                    name="first_release",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="projects.release",
                    ),
                ),
                migrations.AlterField(
                    model_name="issue",
                    name="last_release",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="projects.release",
                    ),
                ),
                migrations.AlterField(
                    model_name="issue",
                    name="merged_into",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="issues.issue",
                    ),
                ),
                migrations.AlterField(
                    model_name="issue",
                    name="own_first_release",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="projects.release",
                    ),
                ),
                migrations.AlterField(
                    model_name="issue",
                    name="own_last_release",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="projects.release",
                    ),
                ),
                migrations.AlterField(
                    model_name="issue",
                    name="resolution_release",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.release",
                    ),
                ),
                migrations.AlterField(
                    model_name="issuebookmark",
                    name="issue",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookmarks",
                        to="issues.issue",
                    ),
                ),
                migrations.AlterField(
                    model_name="issueenvironment",
                    name="environment",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="issues.environment",
                    ),
                ),
                migrations.AlterField(
                    model_name="issueenvironment",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "issue_id",
                        "environment_id",
                        "project_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                migrations.AlterField(
                    model_name="issuehash",
                    name="issue",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hashes",
                        to="issues.issue",
                    ),
                ),
                migrations.AlterField(
                    model_name="issuehour",
                    name="issue",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hours",
                        to="issues.issue",
                    ),
                ),
                migrations.AlterField(
                    model_name="issueminute",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "issue_id",
                        "minute",
                        "project_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                migrations.AlterField(
                    model_name="issueseen",
                    name="issue",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seen_marks",
                        to="issues.issue",
                    ),
                ),
                migrations.AlterField(
                    model_name="issuetext",
                    name="issue",
                    field=models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="issues.issue",
                    ),
                ),
                migrations.AlterField(
                    model_name="issueuser",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "issue_id",
                        "user_hash",
                        "project_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("share_id__isnull", False)),
                        fields=("share_id", "project"),
                        name="issues_issue_share_id_is_unique",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issuebookmark",
                    constraint=models.UniqueConstraint(
                        fields=("issue", "user", "project"), name="issues_issuebookmark_once_per_user"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issuehour",
                    constraint=models.UniqueConstraint(
                        fields=("issue", "hour", "project"), name="issues_issuehour_once_per_issue"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issueseen",
                    constraint=models.UniqueConstraint(
                        fields=("issue", "user", "project"), name="issues_issueseen_once_per_user"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issuesubscription",
                    constraint=models.UniqueConstraint(
                        fields=("issue", "user", "project"), name="issues_issuesubscription_once_per_user"
                    ),
                ),
            ],
        )
    ]
