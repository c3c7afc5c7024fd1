import django.contrib.postgres.fields
from django.db import migrations, models


EVENTS = """
    CREATE TABLE events_event (
        project_id bigint NOT NULL,
        hash uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        received_at timestamptz NOT NULL,
        data bytea NOT NULL,
        PRIMARY KEY (project_id, hash, seen_at, event_id)
    ) PARTITION BY RANGE (seen_at);
    ALTER TABLE events_event ALTER COLUMN data SET STORAGE EXTERNAL;  -- it is compressed already
    CREATE INDEX events_event_of_project ON events_event (project_id, seen_at DESC);

    CREATE TABLE events_eventid (
        project_id bigint NOT NULL,
        event_id uuid NOT NULL,
        day date NOT NULL,
        hash uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (project_id, event_id, day)
    ) PARTITION BY RANGE (day);
    CREATE TABLE events_eventid_no_day PARTITION OF events_eventid FOR VALUES FROM (MINVALUE) TO ('0001-01-08');
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        # Django knows no partitions. The weeks themselves are events/weeks.py's.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(EVENTS, "DROP TABLE events_event, events_eventid")],
            state_operations=[
                migrations.CreateModel(
                    name="EventId",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "event_id",
                                "day",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("event_id", models.UUIDField()),
                        ("day", models.DateField()),
                        ("hash", models.UUIDField()),
                        ("seen_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "hash",
                                "seen_at",
                                "event_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("hash", models.UUIDField()),
                        ("seen_at", models.DateTimeField()),
                        ("event_id", models.UUIDField()),
                        ("received_at", models.DateTimeField()),
                        ("data", models.BinaryField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                models.F("project_id"),
                                models.OrderBy(models.F("seen_at"), descending=True),
                                name="events_event_of_project",
                            )
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrival",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.BigIntegerField()),
                ("hash", models.UUIDField()),
                (
                    "older_hashes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("event_id", models.UUIDField()),
                ("seen_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("level", models.CharField(max_length=10)),
                ("user", models.CharField(blank=True, max_length=200)),
                ("release", models.CharField(blank=True, max_length=250)),
                ("environment", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [models.Index(fields=["project_id", "id"], name="events_arrival_of_project")],
            },
        ),
        migrations.CreateModel(
            name="Loss",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id",
                        "day",
                        "key",
                        "source",
                        "reason",
                        "category",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("project_id", models.BigIntegerField()),
                ("day", models.DateField()),
                ("key", models.CharField(max_length=32)),
                ("source", models.CharField(choices=[("server", "Server"), ("client", "Client")], max_length=6)),
                ("reason", models.CharField(max_length=40)),
                ("category", models.CharField(max_length=40)),
                ("quantity", models.BigIntegerField()),
            ],
            options={
                "verbose_name_plural": "losses",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ["server", "client"])), name="events_loss_source_is_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="events_loss_lost_something"),
                ],
            },
        ),
    ]
