from django.db import migrations

from projects.versions import numbered

BATCH = 5_000

CARRY_ALL = """
    WITH dated AS (
        SELECT id,
               max(ARRAY[(extract(epoch FROM dated_at) * 1000000)::bigint, id])
                   OVER (PARTITION BY project_id, package ORDER BY number) AS pair
        FROM projects_release
        WHERE package <> ''
    )
    UPDATE projects_release AS release
    SET carried_at = latest.dated_at, carried_by_id = latest.id
    FROM dated
    JOIN projects_release AS latest ON latest.id = dated.pair[2]
    WHERE release.id = dated.id AND latest.id <> dated.id
"""


def number_them(apps, schema_editor):
    """Write what each release sorts by within its package."""
    releases = apps.get_model("projects", "Release").objects.using(schema_editor.connection.alias)
    batch = []
    for release in releases.filter(version__contains="@").only("version").iterator(chunk_size=BATCH):
        release.package, release.number = numbered(release.version)
        if release.package:
            batch.append(release)
        if len(batch) == BATCH:
            releases.bulk_update(batch, ["package", "number"], batch_size=BATCH)
            batch = []
    releases.bulk_update(batch, ["package", "number"], batch_size=BATCH)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(CARRY_ALL)


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_releases_of_a_project")]

    operations = [migrations.RunPython(number_them, migrations.RunPython.noop)]
