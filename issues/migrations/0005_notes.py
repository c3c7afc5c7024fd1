from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0004_mutation_query"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="activity",
            name="issues_activity_kind_is_known",
        ),
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(
                choices=[
                    ("set_resolved", "Set Resolved"),
                    ("set_resolved_in_release", "Set Resolved In Release"),
                    ("set_unresolved", "Set Unresolved"),
                    ("set_ignored", "Set Ignored"),
                    ("assigned", "Assigned"),
                    ("unassigned", "Unassigned"),
                    ("set_public", "Set Public"),
                    ("set_private", "Set Private"),
                    ("merge", "Merge"),
                    ("unmerge", "Unmerge"),
                    ("note", "Note"),
                ],
                max_length=30,
            ),
        ),
        migrations.AlterField(
            model_name="activity",
            name="mutation_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                models.F("issue"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("kind", "note")),
                name="issues_activity_notes",
            ),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "set_resolved",
                            "set_resolved_in_release",
                            "set_unresolved",
                            "set_ignored",
                            "assigned",
                            "unassigned",
                            "set_public",
                            "set_private",
                            "merge",
                            "unmerge",
                            "note",
                        ],
                    )
                ),
                name="issues_activity_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "note"), ("mutation_id__isnull", True)),
                    models.Q(models.Q(("kind", "note"), _negated=True), ("mutation_id__isnull", False)),
                    _connector="OR",
                ),
                name="issues_activity_is_of_a_mutation_or_a_note",
            ),
        ),
    ]
