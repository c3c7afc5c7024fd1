"""Tables of the size of a large installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import connection

from issues.models import Environment, Issue
from issues.search import Term
from issues.search.conditions import IsOfRelease, IsSeenIn
from projects.database.keyset import Sort
from projects.models import Project, Release, User
from tests import factories
from tests.database import connected_to, copy_database
from tests.factories import NOW, ProjectFactory, ReleaseFactory, UserFactory
from tests.template import template_with

COUNT = 30_000
DATE, AGE = Sort("last_seen"), Sort("first_seen")


# Which columns are written besides those that every issue has; by the number of the issue.
FILL = """
    INSERT INTO issues_issue (
        project_id, short_number, type, level, logger, platform,
        own_first_seen, own_last_seen, own_times_seen, own_users_seen, own_comment_count,
        first_seen, last_seen, times_seen, users_seen, comment_count,
        status, resolved_at, resolution_kind, resolution_release_id,
        snooze_ends_at, snooze_ends_at_times_seen, share_id
    )
    SELECT
        project_id, n, 'error', 'error', 'root', 'python',
        %(now)s - seen - '1 day'::interval, %(now)s - seen, times, 1, 0,
        %(now)s - seen - '1 day'::interval, %(now)s - seen, times, 1, 0,
        status, CASE status WHEN 'resolved' THEN %(now)s END,
        CASE WHEN status = 'resolved' AND n %% 50 = 0 THEN kind END,
        CASE WHEN status = 'resolved' AND n %% 50 = 0 AND kind = 'in_release' THEN %(release_id)s END,
        CASE WHEN status = 'ignored' AND n %% 20 = 2 THEN %(now)s + (n %% 7 - 3) * '1 day'::interval END,
        CASE WHEN status = 'ignored' AND n %% 20 = 7 THEN times + n %% 3 END,
        CASE WHEN n %% 1000 = 0 THEN lpad(to_hex(project_id::bigint * 1000000 + n), 32, '0')::uuid END
    FROM (
        SELECT n, 1 + n::bigint * 7919 %% 1000 AS times, n::bigint * 104729 %% 7776000 * '1 second'::interval AS seen,
               (ARRAY['unresolved', 'resolved', 'ignored', 'resolved', 'unresolved'])[1 + n %% 5] AS status,
               (ARRAY['in_release', 'in_next_release'])[1 + n / 50 %% 2] AS kind
        FROM generate_series(1, %(count)s) AS n
    ) AS made,
    LATERAL (SELECT CASE WHEN n %% 10 = 0 THEN %(other_id)s ELSE %(project_id)s END) AS place (project_id)
"""
AROUND = [
    """
    INSERT INTO issues_issuetext (project_id, issue_id, title, culprit, metadata, platform_lower, logger_lower)
    SELECT project_id, id, 'Error: pump ' || id || ' is ' || md5(id::text), 'station.motor in spin', '{}',
           lower(platform), lower(logger)
    FROM issues_issue
    """,
    "INSERT INTO issues_issuehash (project_id, issue_id, hash) SELECT project_id, id, md5(id::text) FROM issues_issue",
    """
    INSERT INTO issues_issuehour (project_id, issue_id, hour, own_count, total_count)
    SELECT project_id, id, date_trunc('hour', last_seen) - h * '1 hour'::interval, 1, 1
    FROM issues_issue, generate_series(0, 2) AS h
    """,
    """
    INSERT INTO issues_issueminute (project_id, issue_id, minute, own_count)
    SELECT project_id, id, date_trunc('minute', last_seen), 1 FROM issues_issue
    """,
    *(
        f"""
        INSERT INTO issues_{table} (project_id, issue_id, user_id, {columns})
        SELECT project_id, id, %(user_id)s, {values} FROM issues_issue WHERE id %% 3 = 0
        """
        for table, columns, values in [
            ("issueseen", "seen_at", "last_seen"),
            ("issuebookmark", "created_at", "last_seen"),
            ("issuesubscription", "is_active, reason, created_at", "true, 'unknown', last_seen"),
        ]
    ),
    """
    INSERT INTO issues_activity (project_id, issue_id, kind, data, created_at, mutation_id, before_status)
    SELECT project_id, id, CASE WHEN a = 0 AND id %% 10 = 0 THEN 'note' ELSE 'set_resolved' END, '{"text": "a"}',
           last_seen,
           CASE WHEN a = 0 AND id %% 10 = 0 THEN NULL ELSE id END, 'unresolved'
    FROM issues_issue, generate_series(0, 1) AS a
    ORDER BY last_seen
    """,
    """
    UPDATE issues_issue
    SET merged_into_id = CASE WHEN short_number %% 100 = 37 THEN id - 1 END,
        priority = CASE short_number %% 50 WHEN 7 THEN 'high' WHEN 8 THEN 'low' ELSE 'medium' END,
        level = CASE short_number %% 50 WHEN 9 THEN 'fatal' WHEN 11 THEN 'info' ELSE 'error' END,
        reopened_as = CASE short_number %% 50 WHEN 14 THEN 'regressed' END
    WHERE short_number %% 100 = 37 OR short_number %% 50 IN (7, 8, 9, 11, 14)
    """,
    """
    INSERT INTO issues_mutation
        (id, project_id, kind, user_id, created_at, body, matched, changed, seen_ids, bookmark_ids, subscription_ids)
    SELECT id, project_id, CASE WHEN id %% 50 = 7 THEN 'delete' ELSE 'update' END,
           CASE WHEN id %% 7 = 0 THEN %(user_id)s END, last_seen,
           (ARRAY[
               '{"status": "resolved"}', '{"assignedTo": null}', '{"priority": "low"}', '{"merge": true}',
               '{"isPublic": true}'
           ])[CASE WHEN id %% 20 < 5 THEN 1 + id %% 20 ELSE 1 END]::jsonb,
           1, 1, '{}', '{}', '{}'
    FROM issues_issue
    """,
    """
    INSERT INTO issues_environment (project_id, name)
    SELECT project.id, 'environment ' || number FROM projects_project AS project, generate_series(1, 3000) AS number
    """,
    # All were seen in the first of their project, and one in a hundred in the last.
    """
    INSERT INTO issues_issueenvironment (project_id, issue_id, environment_id, first_seen, last_seen, times_seen)
    SELECT issue.project_id, issue.id, place.id, issue.first_seen, issue.last_seen, 1
    FROM issues_issue AS issue JOIN issues_environment AS place ON place.project_id = issue.project_id
    WHERE place.name = 'environment 1' OR (place.name = 'environment 3000' AND issue.short_number %% 100 = 3)
    """,
    # One in a hundred was last seen in the release.
    """
    UPDATE issues_issue SET own_last_release_id = %(release_id)s, last_release_id = %(release_id)s
    WHERE project_id = %(project_id)s AND short_number %% 100 = 3
    """,
    """
    INSERT INTO issues_issuerelease (project_id, issue_id, release_id)
    SELECT project_id, id, own_last_release_id FROM issues_issue WHERE own_last_release_id IS NOT NULL
    """,
    # Whose numbers were taken above, whichever the sequence stands at.
    "SELECT setval(pg_get_serial_sequence('issues_mutation', 'id'), max(id)) FROM issues_mutation",
]


class Cast:
    """Rows that the readers name."""

    def __init__(self) -> None:
        self.project, self.other, self.empty = Project.objects.order_by("pk")
        self.release = Release.objects.get()
        self.user = User.objects.get()

    @property
    def issue(self) -> Issue:
        """An issue that others were merged into."""
        return Issue.objects.get(project=self.project, short_number=36)

    def seen_in(self, name: str) -> Term:
        """Return the term that asks for an environment; looked up by its name as it is, which an index knows."""
        return Term(IsSeenIn((Environment.objects.get(project=self.project, name=name).pk,)))

    @property
    def seen_in_the_release(self) -> Term:
        return Term(IsOfRelease((self.release.pk,)))


def fill() -> None:
    """Fill empty tables, and let PostgreSQL count them."""
    # Names that no factory gives: it counts from 0 in each process, and these rows are there in all of them.
    project, other, _ = (ProjectFactory(slug=slug, organization__slug=slug) for slug in ("most", "few", "none"))
    ids = {"project_id": project.pk, "other_id": other.pk, "user_id": UserFactory(username="filled").pk}
    release = ReleaseFactory(projects=[project])
    params: dict[str, Any] = ids | {"release_id": release.pk, "now": NOW, "count": COUNT}
    with connection.cursor() as cursor:
        for sql in (FILL, *AROUND):
            cursor.execute(sql, params)
        cursor.execute("VACUUM (ANALYZE)")


def version() -> str:
    """Return a word for what the rows are made of."""
    files = [Path(__file__), *sorted(Path(factories.__path__[0]).glob("*.py"))]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


@contextmanager
def filled() -> Iterator[Cast]:
    """Let this process use a database with these rows, vacuumed and analyzed; it is dropped in the end.

    To fill the tables takes six seconds of a core, so it is done once, for every file and every worker.
    """
    own = f"{connection.settings_dict['NAME']}_copy"
    with template_with(f"filled_{version()}", fill) as name:
        copy_database(name, own)
    with connected_to(own):
        yield Cast()
