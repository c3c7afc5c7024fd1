import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Stop looking up the issue of each activity and subscription: whoever writes one holds the issue (issues/models.py).

    Taken back, the database looks up all of them once, and refuses if an issue is not there.
    """

    dependencies = [("issues", "0015_what_a_row_may_hold")]

    operations = [
        migrations.AlterField(
            model_name="activity",
            name="issue",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="activities",
                to="issues.issue",
            ),
        ),
        migrations.AlterField(
            model_name="issuesubscription",
            name="issue",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="subscriptions",
                to="issues.issue",
            ),
        ),
    ]
