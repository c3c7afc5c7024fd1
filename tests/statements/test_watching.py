"""That the suite's statements are watched: a fault of the service is told with the code that sent it."""

import pytest
from django.db import connection

from issues.models import Activity, Issue, IssueText
from issues.reading.named import find_shared
from projects.database.statements import Statement
from projects.models import Project
from tests.factories import NOW, IssueFactory
from tests.statements.allowed import LOOK_UPS, WALKS
from tests.statements.watching import ROOT, Place, is_a_walk, owner_of, shortened, watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what this test sends concern no other."""
    monkeypatch.setattr(watch, "judged", set())
    monkeypatch.setattr(watch, "sent", {})


@pytest.mark.usefixtures("apart")
def test_looks_at_what_the_service_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.statements.watching.PACKAGES", ("tests",))  # as if this were the service
    monkeypatch.setattr(watch, "owners", {})

    Statement("SELECT id FROM issues_issue WHERE short_number = %(number)s", {}).rows(number=1)

    (wrong,) = watch.judge()
    first, sent_by, sql = wrong.splitlines()
    assert first == "issues_issue is without its project"
    assert sent_by.startswith("  sent by test_looks_at_what_the_service_sends, tests/statements/test_watching.py:")
    assert sql == "SELECT id FROM issues_issue WHERE short_number = %(number)s"
    assert watch.judge() == []  # once is enough


@pytest.mark.usefixtures("apart")
def test_passes_over_what_the_tests_send() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM issues_issue WHERE short_number = 1")

    assert watch.judge() == []


@pytest.mark.usefixtures("apart")
def test_judges_a_text_that_the_tests_sent_first(project: Project) -> None:
    issue = IssueFactory(project=project)
    text = "SELECT id FROM issues_issue WHERE short_number = 1"
    with connection.cursor() as cursor:
        cursor.execute(text)
    assert list(watch.sent) == []

    watch.sent[text] = Place("issues/reading/named.py", "find_all", 1)

    assert watch.judge() != []
    assert issue.pk


@pytest.mark.usefixtures("apart")
def test_a_look_up_is_one_where_it_is_named_alone(project: Project) -> None:
    text = "SELECT id FROM issues_issue WHERE share_id = %s"
    watch.sent[text] = Place("issues/reading/named.py", "find_shared", 1)
    assert watch.judge() == []

    watch.judged.discard(text)
    watch.sent[text] = Place("issues/reading/named.py", "find_all", 1)
    assert len(watch.judge()) == 1


def test_joins_and_look_ups_by_a_foreign_key_name_the_project(project: Project) -> None:
    issue = IssueFactory(project=project)
    activity = Activity(project=project, issue_id=issue.pk, created_at=NOW)
    joined = str(Issue.objects.filter(text__title="x").query)
    back = str(IssueText.objects.filter(issue__status="x").query)

    assert '"issues_issue"."project_id" = "issues_issuetext"."project_id"' in joined
    assert '"issues_issuetext"."project_id" = "issues_issue"."project_id"' in back
    with pytest.raises(Issue.DoesNotExist):
        Activity(project_id=project.pk + 1, issue_id=issue.pk).issue  # noqa: B018 - reads it
    assert activity.issue == issue


@pytest.mark.parametrize("place", [*LOOK_UPS, *WALKS])
def test_what_is_allowed_is_there(place: str) -> None:
    file, _, function = place.partition(":")
    assert (ROOT / file).exists()
    assert not function or f"def {function}(" in (ROOT / file).read_text()


def test_one_value_or_row_stands_for_any_number() -> None:
    assert shortened("id IN (%s, %s, %s) OR id IN (%s)") == "id IN (%s) OR id IN (%s)"
    assert shortened("VALUES (%s, %s), (%s, %s), (%s, %s)") == "VALUES (%s, %s)"


def test_knows_whose_code_it_is() -> None:
    assert owner_of(str(ROOT / "issues/reading/items.py")) == "service"
    assert owner_of(str(ROOT / "tests/factories/base.py")) == "tests"
    assert owner_of(str(ROOT / "issues/migrations/0001_initial.py")) == "apart"
    assert owner_of(str(ROOT / "projects/database/statements.py")) == owner_of("/usr/lib/python3/x.py") == ""
    assert is_a_walk("issues/integrity/rows.py:check")
    assert is_a_walk("issuetracker/management/commands/migrate.py:Command.handle")  # of Django's own operations
    assert not is_a_walk("issues/integrity_of_others.py:check")
    assert find_shared.__qualname__ in "issues/reading/named.py:find_shared"
