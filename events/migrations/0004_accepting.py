from django.db import migrations

# Stores an event (events/accepting.py), and returns 0 when its key is not good any more, 1 when the event is known
# already, and 2 when it is new.
#
# Workers of the version before call it while a new version is being put in place: whoever wants another one gives it
# another name.
ACCEPT = """
    CREATE FUNCTION events_accept(
        its_key text, its_project bigint, its_id uuid, its_day date, its_other_day date,
        its_time timestamptz, its_receipt timestamptz, its_hash uuid, its_older_hashes uuid[],
        its_level text, its_user text, its_release text, its_environment text, its_data bytea
    ) RETURNS smallint LANGUAGE plpgsql AS $$
    BEGIN
        -- Once more: it was looked up a moment ago, and may be disabled or gone by now.
        PERFORM FROM projects_clientkey WHERE key = its_key AND project_id = its_project AND is_active;
        IF NOT FOUND THEN
            RETURN 0;
        END IF;
        -- An event that was far ahead when it came first is near when it comes again, or the other way round. Ids of
        -- far days have a table of their own: to ask for a day that is a parameter is to lock every week.
        IF its_other_day = '0001-01-01' THEN
            PERFORM FROM events_eventid_no_day
            WHERE project_id = its_project AND event_id = its_id AND day = its_other_day;
        ELSE
            PERFORM FROM events_eventid
            WHERE project_id = its_project AND event_id = its_id AND day = its_other_day;
        END IF;
        IF FOUND THEN
            RETURN 1;
        END IF;
        INSERT INTO events_eventid (project_id, event_id, day, hash, seen_at)
        VALUES (its_project, its_id, its_day, its_hash, its_time)
        ON CONFLICT (project_id, event_id, day) DO NOTHING;
        IF NOT FOUND THEN
            RETURN 1;
        END IF;
        INSERT INTO events_event (project_id, hash, seen_at, event_id, received_at, data)
        VALUES (its_project, its_hash, its_time, its_id, its_receipt, its_data)
        ON CONFLICT DO NOTHING;  -- only when its id was forgotten with its week
        INSERT INTO events_arrival
            (project_id, hash, older_hashes, event_id, seen_at, received_at, level, "user", release, environment)
        VALUES (its_project, its_hash, its_older_hashes, its_id, its_time, its_receipt, its_level, its_user,
                its_release, its_environment);
        RETURN 2;
    END
    $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0003_arrivals_set_aside"),
        ("projects", "0008_client_keys"),
    ]

    operations = [migrations.RunSQL(ACCEPT, "DROP FUNCTION events_accept")]
