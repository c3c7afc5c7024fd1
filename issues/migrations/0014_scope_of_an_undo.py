from django.db import migrations, models


class Migration(migrations.Migration):
    """Let an undo show the scope of what it takes back without keeping it, too. Those that are there have their own."""

    dependencies = [("issues", "0013_bases_in_the_new_order")]

    operations = [
        migrations.AddField(
            model_name="mutation",
            name="scope_of",
            field=models.BigIntegerField(null=True),
        ),
    ]
