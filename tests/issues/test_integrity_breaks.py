"""`manage.py check_integrity`: whatever is broken is named, and nothing else is."""

from django.db import connection, transaction

from issues.integrity import INVARIANTS
from tests.invariants import broken

NAMES = [invariant.name for invariant in INVARIANTS]


EVERYTHING = "(SELECT min(undoes) FROM issues_mutation)"
DELETION = "(SELECT id FROM issues_mutation WHERE kind = 'delete')"


# Which invariants each of these breaks. Times and columns beside them are there for the table's own constraints.
BREAKS = [
    ("DELETE FROM issues_issuetext WHERE issue_id = 5", {"texts"}),
    ("UPDATE issues_issuetext SET platform_lower = 'go' WHERE issue_id = 5", {"words told"}),
    ("UPDATE issues_issue SET logger = 'Pumps' WHERE id = 5", {"words told"}),
    ("DELETE FROM issues_issuerelease WHERE issue_id = 3", {"releases told"}),
    *(
        (f"UPDATE issues_{table} SET project_id = 999 WHERE issue_id = 5", {"hanging rows"})
        for table in ("issuetext", "issuehash", "issuehour", "issueseen", "issuebookmark", "issuesubscription")
    ),
    # Of a project without mutations, all that there were may be pruned.
    ("UPDATE issues_activity SET project_id = 999 WHERE issue_id = 5", {"hanging rows"}),
    (
        "INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)"
        " SELECT project_id, 11, user_id, true, reason, created_at FROM issues_issuesubscription WHERE issue_id = 5"
        " AND reason = 'unknown' LIMIT 1",
        {"hanging rows"},
    ),
    (
        "UPDATE issues_activity SET issue_id = 11 WHERE kind = 'set_ignored' AND issue_id = 9",
        {"hanging rows", "before and after", "statuses"},
    ),
    ("UPDATE issues_issue SET own_comment_count = 2, comment_count = 2 WHERE id = 5", {"notes"}),
    ("DELETE FROM issues_activity WHERE kind = 'note' AND issue_id = 1", {"notes"}),
    (
        "UPDATE issues_issue SET merged_into_id = 13 WHERE id = 2",
        {"parents", "totals", "hours", "releases shown", "merges"},
    ),
    (
        "UPDATE issues_issue SET merged_into_id = 4 WHERE id = 1",
        {"circles", "totals", "hours", "releases shown", "merges"},
    ),
    *(
        (f"UPDATE issues_issue SET {change} WHERE id = {pk}", {"totals"})
        for pk in (1, 3, 5)  # a tree, one within it, an issue alone
        for change in (
            "first_seen = first_seen - interval '1 hour'",
            "last_seen = last_seen + interval '1 hour'",
            "times_seen = times_seen + 1",
            "users_seen = users_seen + 1",
            "comment_count = comment_count + 1",
        )
    ),
    *(
        (f"UPDATE issues_issuehour SET total_count = total_count + 1 WHERE issue_id = {pk}", {"hours"})
        for pk in (1, 3, 5)
    ),
    ("DELETE FROM issues_issuehour WHERE issue_id = 1 AND own_count = 0", {"hours"}),
    ("DELETE FROM issues_issuehour WHERE issue_id = 2", {"hours"}),
    *(
        (f"UPDATE issues_issue SET {which}_release_id = NULL WHERE id = {pk}", {"releases shown"})
        for pk in (1, 5)
        for which in ("first", "last")
    ),
    (
        "UPDATE issues_issue SET first_release_id = (SELECT id FROM projects_release WHERE version = '1.2')"
        " WHERE id = 1",
        {"releases shown"},
    ),
    (
        "UPDATE issues_activity SET created_at = created_at + interval '1 second' WHERE issue_id = 7",
        {"mutations of activities"},
    ),
    (
        "DELETE FROM issues_mutation WHERE id = (SELECT mutation_id FROM issues_issue WHERE id = 12)",
        {"mutations of activities", "stamps"},
    ),
    (
        "UPDATE issues_issue SET mutation_id = (SELECT mutation_id FROM issues_issue WHERE id = 13) WHERE id = 5",
        {"stamps", "activities"},
    ),
    ("UPDATE issues_issue SET mutation_id = NULL WHERE id = 5", {"activities"}),
    *(
        (f"UPDATE issues_activity SET {change} = NULL WHERE kind = '{kind}'", {"before-states"})
        for kind, change in (
            ("set_resolved", "before_status"),
            ("set_resolved_in_release", "before_status"),
            ("set_unresolved", "before_status"),
            ("set_ignored", "before_status"),
            ("unassigned", "before_assignee_team_id"),
            ("unmerge", "before_merged_into_id"),
        )
    ),
    (
        "UPDATE issues_activity SET before_share_id = NULL WHERE kind = 'set_private'",
        {"before-states", "before and after"},
    ),
    ("UPDATE issues_activity SET before_share_id = gen_random_uuid() WHERE kind = 'note'", {"before-states"}),
    ("UPDATE issues_activity SET before_status = 'resolved' WHERE kind = 'set_public'", {"before-states"}),
    ("UPDATE issues_activity SET before_share_id = gen_random_uuid() WHERE kind = 'assigned'", {"before-states"}),
    ("UPDATE issues_activity SET before_assignee_user_id = 1 WHERE kind = 'merge'", {"before-states"}),
    ("UPDATE issues_activity SET before_merged_into_id = 1 WHERE kind = 'set_resolved'", {"before-states"}),
    (f"UPDATE issues_mutation SET undoes = {DELETION} WHERE undoes = {EVERYTHING}", {"undos"}),
    (
        f"UPDATE issues_mutation SET undoes = (SELECT mutation_id FROM issues_issue WHERE id = 13)"
        f" WHERE undoes = {EVERYTHING}",
        {"undos"},
    ),
    (f"UPDATE issues_mutation SET undoes = id WHERE undoes = {EVERYTHING}", {"undos"}),
    (f"UPDATE issues_mutation SET undoes = 2^62 WHERE undoes = {EVERYTHING}", {"undos"}),
    (f"UPDATE issues_mutation SET is_reversed = true WHERE id = {EVERYTHING}", {"undos"}),
    (
        "UPDATE issues_issue SET mutation_id = (SELECT min(id) FROM issues_mutation WHERE 7 = ANY(ids)) WHERE id = 5",
        {"activities"},
    ),
    ("DELETE FROM issues_activity WHERE issue_id = 13", {"activities", "changed"}),
    (
        "UPDATE issues_mutation SET changed = changed + 1"
        " WHERE project_id = (SELECT project_id FROM issues_issue WHERE id = 13)",
        {"changed", "matched"},
    ),
    ("UPDATE issues_mutation SET changed = changed + 2 WHERE ids = '{5}'", {"changed", "matched"}),  # one was deleted
    ("UPDATE issues_mutation SET bookmark_ids = '{1,2,3,4,5,6}' WHERE ids = '{5,6}'", {"changed", "marks"}),
    (
        "UPDATE issues_issue SET status = 'unresolved', resolved_at = NULL, resolution_kind = NULL,"
        " resolution_release_id = NULL WHERE id = 5",
        {"statuses"},
    ),
    ("UPDATE issues_issue SET resolution_kind = NULL, resolution_release_id = NULL WHERE id IN (5, 8)", {"statuses"}),
    ("UPDATE issues_issue SET resolution_kind = 'in_next_release' WHERE id = 8", {"statuses"}),
    (
        "UPDATE issues_issue SET resolution_release_id = (SELECT id FROM projects_release WHERE version = '1.1')"
        " WHERE id = 8",
        {"statuses"},
    ),
    ("UPDATE issues_issue SET resolution_kind = 'in_release' WHERE id = 12", {"statuses"}),
    ("UPDATE issues_issue SET snooze_ends_at = NULL WHERE id = 7", {"statuses"}),
    ("UPDATE issues_issue SET snooze_ends_at_times_seen = NULL WHERE id = 7", {"statuses"}),
    ("UPDATE issues_issue SET snooze_ends_at_users_seen = NULL WHERE id = 7", {"statuses"}),
    ("UPDATE issues_issue SET snooze_window_minutes = 61 WHERE id = 9", {"statuses"}),
    ("UPDATE issues_issue SET snooze_window_user_minutes = 61 WHERE id = 9", {"statuses"}),
    ("UPDATE issues_issue SET status = 'unresolved', snooze_started_at = NULL WHERE id = 3", {"statuses"}),
    ("UPDATE issues_issue SET assignee_user_id = NULL WHERE id = 1", {"assignees"}),
    (
        "UPDATE issues_issue SET assignee_team_id = NULL, assignee_user_id = (SELECT max(id) FROM projects_user)"
        " WHERE id = 2",
        {"assignees"},
    ),
    (
        "UPDATE issues_issue SET assignee_user_id = (SELECT max(id) FROM projects_user) WHERE id = 3",
        {"assignees"},
    ),
    ("UPDATE issues_issue SET priority = 'low' WHERE id = 12", {"priorities"}),
    ("UPDATE issues_issue SET share_id = NULL WHERE id = 5", {"links"}),
    ("UPDATE issues_issue SET share_id = gen_random_uuid() WHERE id = 3", {"links"}),
    ("UPDATE issues_issue SET merged_into_id = NULL WHERE id = 2", {"merges", "totals", "hours"}),
    ("UPDATE issues_issue SET merged_into_id = 5 WHERE id = 6", {"merges", "totals", "hours"}),
    (
        "UPDATE issues_issue SET own_last_release_id = id, last_release_id = id"
        " FROM (SELECT id FROM projects_release LIMIT 1) AS release (id) WHERE issues_issue.id = 13".replace(
            "= id", "= release.id"
        ),
        {"releases", "releases told"},
    ),
    ("UPDATE projects_release SET released_at = '2020-01-01' WHERE version = '1.2'", {"waiting"}),
    (
        "UPDATE projects_release SET package = 'p', number = '1', carried_at = '2020-01-01', carried_by_id = 7"
        " WHERE version = '1.0'",
        {"order of releases"},
    ),
    ("DELETE FROM issues_issuehash WHERE issue_id = 5", {"hashes"}),
    ("UPDATE issues_mutation SET matched = 0 WHERE ids = '{5,6}'", {"matched"}),
    ("UPDATE issues_mutation SET matched = 1 WHERE ids = '{3,4}'", {"matched"}),
    *(
        (
            f"UPDATE issues_activity SET before_status = '{before}', before_resolution_kind = {kind_before}"
            f" WHERE id = (SELECT max(id) FROM issues_activity WHERE kind = '{kind}' AND issue_id = {pk})",
            {"before and after"},
        )
        for pk, kind, before, kind_before in (
            (7, "set_ignored", "resolved", "NULL"),  # which came after set_unresolved
            (7, "set_unresolved", "resolved", "NULL"),
            (5, "set_resolved_in_release", "unresolved", "NULL"),  # which came after set_resolved
            (5, "set_resolved_in_release", "resolved", "'in_release'"),
        )
    ),
    (
        "UPDATE issues_activity SET before_assignee_user_id = before_assignee_user_id + 1 WHERE issue_id = 2"
        " AND before_assignee_user_id IS NOT NULL",
        {"before and after"},
    ),
    (
        "UPDATE issues_activity SET before_assignee_team_id = NULL, before_assignee_user_id = 7 WHERE issue_id = 3"
        " AND kind = 'unassigned'",
        {"before and after"},
    ),
    (
        "UPDATE issues_activity SET before_assignee_user_id = 7 WHERE kind = 'assigned' AND issue_id = 14",
        {"before and after"},
    ),
    (
        "UPDATE issues_activity SET before_share_id = gen_random_uuid() WHERE kind = 'set_public' AND issue_id = 14",
        {"before and after"},
    ),
    *(
        (f"UPDATE issues_mutation SET ids = ids || {garbage} WHERE ids = '{{5}}'", {"named issues"})
        for garbage in ("13::bigint", "9223372036854775807", "16::bigint")
    ),
    (
        "UPDATE issues_mutation SET ids = '{5}' WHERE project_id = (SELECT project_id FROM issues_issue WHERE id = 13)",
        {"named issues"},
    ),
    ("UPDATE issues_mutation SET seen_ids = '{6}' WHERE ids = '{5}'", {"marks", "changed"}),
    ("UPDATE issues_mutation SET has_seen = NULL WHERE ids = '{5}'", {"marks"}),
    ("UPDATE issues_mutation SET is_bookmarked = NULL WHERE ids = '{5,6}'", {"marks"}),
    ("UPDATE issues_mutation SET is_subscribed = NULL WHERE ids = '{5}'", {"marks"}),
    ("UPDATE issues_mutation SET marks_of_id = NULL WHERE ids = '{5}'", {"marks"}),
    (
        "UPDATE issues_mutation SET marks_of_id = (SELECT id FROM projects_user WHERE username = 'sam')"
        " WHERE ids = '{5}'",
        {"marks"},
    ),
    (
        "UPDATE issues_mutation SET marks_of_id = (SELECT id FROM projects_user WHERE username = 'sam')"
        " WHERE kind = 'undo' AND seen_ids <> '{}'",
        {"marks"},
    ),
    (
        "UPDATE issues_mutation SET marks_of_id = 999999, user_id = NULL"
        " WHERE marks_of_id IS NOT NULL AND undoes IS NULL",
        {"marks", "people of mutations"},
    ),
    ("UPDATE issues_issue SET status_by_id = 999999 WHERE id = 5", {"people of issues"}),
    ("UPDATE issues_activity SET user_id = 999999 WHERE issue_id = 5", {"people of activities"}),
    (
        "UPDATE issues_mutation SET user_id = NULL, api_key_id = (SELECT id FROM projects_apikey) WHERE ids = '{2,3}'",
        {"keys"},
    ),
    (
        "INSERT INTO projects_project_teams (project_id, team_id)"
        " SELECT (SELECT project_id FROM issues_issue WHERE id = 13), id FROM projects_team WHERE slug = 'strangers'",
        {"teams"},
    ),
    (
        "UPDATE issues_issue SET assignee_team_id = (SELECT id FROM projects_team WHERE slug = 'strangers')"
        " WHERE id = 13",
        {"teams"},
    ),
    (
        "INSERT INTO issues_issuehour (project_id, issue_id, hour, own_count, total_count)"
        " SELECT project_id, id, own_last_seen, 2, 2 FROM issues_issue WHERE id = 13",
        {"events of hours"},
    ),
    (
        "INSERT INTO issues_issueminute (project_id, issue_id, minute, own_count)"
        " SELECT project_id, id, own_last_seen, 2 FROM issues_issue WHERE id = 13",
        {"events of minutes"},
    ),
    (
        "INSERT INTO issues_issueuser (project_id, issue_id, user_hash, last_seen)"
        " SELECT project_id, id, user_hash, own_last_seen FROM issues_issue, generate_series(1, 2) AS user_hash"
        " WHERE issues_issue.id = 13",
        {"users"},
    ),
    (
        "INSERT INTO issues_issueuser (project_id, issue_id, user_hash, last_seen)"
        " SELECT project_id, id, 1, own_last_seen + interval '1 second' FROM issues_issue WHERE id = 13",
        {"seen"},
    ),
    *(
        (
            "WITH environment AS ("
            " INSERT INTO issues_environment (project_id, name)"
            f" SELECT project_id, 'production' FROM issues_issue WHERE id = {pk} RETURNING id"
            ") INSERT INTO issues_issueenvironment"
            " (project_id, issue_id, environment_id, first_seen, last_seen, times_seen)"
            f" SELECT project_id, issue.id, environment.id, {first_seen}, own_last_seen, {times_seen}"
            " FROM issues_issue AS issue, environment WHERE issue.id = 13",
            {broken},
        )
        for pk, first_seen, times_seen, broken in (
            (13, "own_first_seen", 2, "events of environments"),
            (13, "own_first_seen - interval '1 second'", 1, "seen"),
            (1, "own_first_seen", 1, "environments"),
        )
    ),
    # what events opened again: 15, which was resolved, and 10, which was ignored, and has another priority since
    ("UPDATE issues_issue SET reopened_as = NULL WHERE id IN (10, 15)", {"statuses"}),
    ("UPDATE issues_issue SET reopened_as = 'escalating' WHERE id = 15", {"statuses"}),
    ("UPDATE issues_issue SET reopened_as = 'regressed' WHERE id = 10", {"statuses"}),
    ("UPDATE issues_issue SET mutation_id = NULL WHERE id = 10", {"activities"}),
    (
        "UPDATE issues_activity SET user_id = (SELECT min(id) FROM projects_user) WHERE kind = 'set_regression'",
        {"mutations of activities"},
    ),
    ("UPDATE issues_activity SET before_status = NULL WHERE kind = 'set_regression'", {"before-states"}),
    (
        "UPDATE issues_activity SET before_status = NULL, before_resolved_at = NULL, before_status_by_id = NULL"
        " WHERE kind = 'set_regression'",
        {"before-states"},
    ),
    ("UPDATE issues_activity SET before_share_id = gen_random_uuid() WHERE kind = 'set_regression'", {"before-states"}),
    (
        "UPDATE issues_activity SET before_status = 'ignored' WHERE kind = 'set_regression'",
        {"before and after"},
    ),
    (
        "INSERT INTO issues_activity (project_id, issue_id, kind, data, created_at)"
        " SELECT project_id, issue_id, 'set_regression', '{}', created_at FROM issues_activity"
        " WHERE kind = 'set_regression' LIMIT 1",
        {"before-states"},
    ),
    (
        "UPDATE issues_issuehash SET id = (SELECT id FROM issues_issuehash WHERE issue_id = 5) WHERE issue_id = 13",
        {"ids"},
    ),
    ("UPDATE issues_issue SET share_id = '00000000-0000-0000-0000-000000000001' WHERE id IN (5, 13)", {"share ids"}),
    ("SELECT setval('projects_user_id_seq', 1)", {"next ids"}),
    ("SELECT setval('projects_project_teams_id_seq', 1, false)", {"next ids"}),
    ("SELECT setval('issues_issue_id_seq', 3)", {"next ids", "named issues"}),
    ("SELECT setval('issues_mutation_id_seq', 3)", {"next ids"}),
]


def test_names_what_is_broken(life: None) -> None:
    """In one life for all of them, since to live it takes longer than to break it."""
    assert {sql: broken_by(sql) for sql, _ in BREAKS} == dict(BREAKS)


def broken_by(sql: str) -> set[str]:
    """Return what a statement breaks, and take it back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_value FROM issues_issue_id_seq UNION ALL SELECT last_value FROM issues_mutation_id_seq"
        )
        (issues,), (mutations,) = cursor.fetchall()
        cursor.execute(sql)
        assert cursor.rowcount > 0, sql
        names = broken(INVARIANTS)
        # No transaction takes these back.
        cursor.execute(
            "SELECT setval('issues_issue_id_seq', %s), setval('issues_mutation_id_seq', %s)", [issues, mutations]
        )
        transaction.set_rollback(True)
    return names


def test_has_a_break_for_each_invariant() -> None:
    assert {name for _, names in BREAKS for name in names} == set(NAMES)
