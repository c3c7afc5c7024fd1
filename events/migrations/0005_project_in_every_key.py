from django.db import migrations

from projects.database.keys import Unique, put_project_in, take_project_out

UNIQUES = [Unique("events_arrival", "events_arrival_pkey", ("id",))]


def forth(apps, schema_editor):
    put_project_in(schema_editor.connection, UNIQUES, [])


def back(apps, schema_editor):
    take_project_out(schema_editor.connection, UNIQUES, [])


class Migration(migrations.Migration):
    """Put the project into the key of what waits; the other keys here have had it from the beginning."""

    atomic = False  # the index is built beside requests

    dependencies = [("events", "0004_accepting")]

    operations = [migrations.RunPython(forth, back)]
