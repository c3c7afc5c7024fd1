"""What hangs on an issue, and which ids come next."""

from django.apps import apps

from issues.integrity.checking import Invariant
from issues.models import HangsOnIssue
from projects.database import shards

BY_ID = [
    model._meta.db_table
    for app in ("projects", "issues")
    for model in apps.get_app_config(app).get_models(include_auto_created=True)
    if model._meta.pk.column == "id"
]
TEXTS = Invariant(
    "texts",
    "every issue has its text",
    "issues",
    """
    SELECT issue.id FROM issues_issue AS issue
    WHERE NOT EXISTS (SELECT FROM issues_issuetext AS text WHERE text.issue_id = issue.id)
    """,
)

# A search for one of them is narrowed to what is told there (services/ground/words.py): it leaves out what is missing.
WORDS_TOLD = Invariant(
    "words told",
    "the text beside an issue has its platform and its logger, in small letters",
    "issues",
    """
    SELECT issue.id FROM issues_issue AS issue
    JOIN issues_issuetext AS text ON text.issue_id = issue.id AND text.project_id = issue.project_id
    WHERE (text.platform_lower, text.logger_lower) <> (lower(issue.platform), lower(issue.logger))
    """,
)

# Made together with it, and never taken from it: what comes next of the same problem would become another issue.
HASHES = Invariant(
    "hashes",
    "every issue has a fingerprint",
    "issues",
    """
    SELECT issue.id FROM issues_issue AS issue
    WHERE NOT EXISTS (SELECT FROM issues_issuehash AS hash WHERE hash.issue_id = issue.id)
    """,
)

# For activities and subscriptions the database does not look whether the issue is there (models.py).
HANGING_ROWS = Invariant(
    "hanging rows",
    "what hangs on an issue is of an issue that is there, and of its project",
    "issues",
    " UNION ".join(
        f"""
        SELECT hanging.issue_id
        FROM {model._meta.db_table} AS hanging
        LEFT JOIN issues_issue AS issue ON issue.id = hanging.issue_id
        WHERE hanging.project_id IS DISTINCT FROM issue.project_id
        """
        for model in HangsOnIssue.__subclasses__()
    ),
)

NOTES = Invariant(
    "notes",
    "an issue's own comment count is the number of its notes",
    "issues",
    """
    SELECT issue.id
    FROM issues_issue AS issue
    LEFT JOIN (
        SELECT issue_id, count(*) AS count FROM issues_activity WHERE kind = 'note' GROUP BY issue_id
    ) AS notes ON notes.issue_id = issue.id
    WHERE issue.own_comment_count <> coalesce(notes.count, 0)
    """,
)

# A restore that forgets the counters is noticed here, and not by the first request.
NEXT_IDS = Invariant(
    "next ids",
    "the next row of a table gets an id above all that are there",
    "highest ids",
    " UNION ALL ".join(
        f"""
        SELECT max(id) FROM {table}
        HAVING max(id) > coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id')::regclass), 0)
        """
        for table in BY_ID
    ),
    is_of_all=True,
)

# Once in each project is all that the keys say. An id comes from one counter for all of them, and a secret from chance.
IDS = Invariant(
    "ids",
    "an id is one row's of a table, whichever project that is of",
    "ids",
    " UNION ALL ".join(
        f"SELECT id FROM {table} GROUP BY id HAVING count(*) > 1" for table in BY_ID if table in shards.of_projects()
    ),
    is_of_all=True,
)
SHARE_IDS = Invariant(
    "share ids",
    "a public link is one issue's",
    "issues",
    """
    SELECT id FROM issues_issue
    WHERE share_id IN (
        SELECT share_id FROM issues_issue WHERE share_id IS NOT NULL GROUP BY share_id HAVING count(*) > 1
    )
    """,
    is_of_all=True,
)
