"""A request leaves nothing on its session: through a pooler, the next one that has it is somebody else's."""

from typing import Any

import pytest
from django.db import connection

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

LEFT_BEHIND = """
    SELECT 'setting', name FROM pg_settings WHERE source = 'session'
    UNION ALL SELECT 'prepared', statement FROM pg_prepared_statements
    UNION ALL SELECT 'cursor', name FROM pg_cursors WHERE name <> ''
    UNION ALL SELECT 'channel', pg_listening_channels()
    UNION ALL SELECT 'temporary table', relname FROM pg_class WHERE pg_my_temp_schema() = relnamespace
    UNION ALL SELECT 'lock', objid::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""


def left_behind() -> set[Any]:
    with connection.cursor() as cursor:
        cursor.execute(LEFT_BEHIND)
        return set(cursor.fetchall())


@pytest.mark.parametrize(
    ("method", "body", "query"),
    [
        pytest.param("GET", None, "query=is:unresolved pump&sort=freq", id="a list"),
        pytest.param("PUT", {"status": "resolved", "isPublic": True}, "", id="update all"),
        pytest.param("PUT", {"merge": True}, "id={0}&id={1}", id="by id"),
        pytest.param("PUT", {"status": "ignored"}, "query=level:error", id="by a search"),
        pytest.param("PUT", {"status": "resolved"}, "preview=true", id="a preview"),
        pytest.param("PUT", {"status": "resolved"}, "id={0}&id=999999", id="refused"),
        pytest.param("DELETE", None, "id={0}", id="delete"),
    ],
)
def test_leaves_nothing_on_its_session(api: Api, project: Project, method: str, body: object, query: str) -> None:
    issues: list[Issue] = [IssueFactory(project=project), IssueFactory(project=project)]
    before = left_behind()

    response = api.request(method, api.issues_url, body, raw_query=query.format(*(issue.pk for issue in issues)))

    assert response.status_code in {200, 204, 400, 404}
    assert left_behind() == before
