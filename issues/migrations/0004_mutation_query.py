from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0003_listed_by_age"),
    ]

    operations = [
        migrations.AddField(
            model_name="mutation",
            name="query",
            field=models.TextField(null=True),
        ),
    ]
