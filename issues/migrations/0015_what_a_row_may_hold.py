from django.db import migrations, models
from django.db.models.expressions import RawSQL

UNTITLED = """
    UPDATE issues_issuetext SET title = '<unlabeled event>' WHERE title = '';
    SET CONSTRAINTS ALL IMMEDIATE;  -- or the table can't be altered in the same transaction
"""


class Migration(migrations.Migration):
    """Let the database refuse what no service writes. Where somebody wrote it by hand, this stops and names the constraint.

    But for an empty title, which an import may have left: it becomes what answers say where there is none.
    """

    dependencies = [("issues", "0014_scope_of_an_undo")]

    operations = [
        migrations.RunSQL(UNTITLED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="issuetext",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="issues_issuetext_title_is_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.CheckConstraint(
                condition=RawSQL("kind <> 'note' OR coalesce(data ->> 'text', '') <> ''", (), models.BooleanField()),
                name="issues_activity_note_is_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="activity",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("before_status__isnull", True),
                    ("before_status__in", ["unresolved", "resolved", "ignored"]),
                    _connector="OR",
                ),
                name="issues_activity_before_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="mutation",
            constraint=models.CheckConstraint(
                condition=models.Q(("user__isnull", True), ("api_key__isnull", True), _connector="OR"),
                name="issues_mutation_asked_by_user_or_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="mutation",
            constraint=models.CheckConstraint(
                condition=models.Q(("matched__gte", 0)), name="issues_mutation_matched_is_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="mutation",
            constraint=models.CheckConstraint(
                condition=RawSQL(
                    "coalesce(0 < ALL (coalesce(ids, '{}') || seen_ids || bookmark_ids || subscription_ids), false)",
                    (),
                    models.BooleanField(),
                ),
                name="issues_mutation_ids_are_ids",
            ),
        ),
    ]
