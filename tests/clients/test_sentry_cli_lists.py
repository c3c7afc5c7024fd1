"""Sentry's own command line client, unchanged, against the real server: what it finds, page by page."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from issues.models import Issue
from projects.models import Project
from tests.clients.sentry_cli import cells, run
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

SentryCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sentry_cli(address: str, jane_token: str) -> SentryCli:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return run(address, jane_token, *words)

    return call


def listed(done: subprocess.CompletedProcess[str]) -> list[int]:
    """Return the ids in the list that it printed."""
    assert (done.returncode, done.stderr) == (0, "")
    heading, *rows = cells(done.stdout)
    assert heading == ["Issue ID", "Short ID", "Title", "Last seen", "Status", "Level"]
    return [int(row[0]) for row in rows]


class TestPages:
    """It asks for page after page of a hundred, five of them unless it is told otherwise."""

    def test_lists_all_of_them_once_or_as_many_as_are_wanted(self, sentry_cli: SentryCli, project: Project) -> None:
        made = IssueFactory.create_batch(230, project=project)
        newest_first = sorted((issue.pk for issue in made), reverse=True)

        assert listed(sentry_cli("issues", "list")) == newest_first
        assert listed(sentry_cli("issues", "list", "--pages", "2")) == newest_first[:200]
        assert listed(sentry_cli("issues", "list", "--max-rows", "7")) == newest_first[:7]

        Issue.objects.filter(pk__in=newest_first[::2]).update(level="fatal")

        assert listed(sentry_cli("issues", "list", "--query", "level:fatal")) == newest_first[::2]


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("is:resolved", {"resolved"}),
            ("!is:resolved", {"lost suction", "ignored"}),
            ('"lost suction"', {"lost suction"}),
            ("is:ignored OPEN", {"ignored"}),
            ("", {"lost suction", "resolved", "ignored"}),
        ],
    )
    def test_narrow_the_list(self, sentry_cli: SentryCli, project: Project, query: str, found: set[str]) -> None:
        made = {
            IssueFactory(project=project, text__title="Pump lost suction").pk: "lost suction",
            IssueFactory(project=project, text__title="Suction lost", resolved=True).pk: "resolved",
            IssueFactory(project=project, text__title="Valve open", ignored=True).pk: "ignored",
        }

        assert {made[pk] for pk in listed(sentry_cli("issues", "list", "--query", query))} == found

    def test_say_when_nothing_is_found(self, sentry_cli: SentryCli) -> None:
        done = sentry_cli("issues", "list", "--query", "is:resolved")

        assert (done.returncode, done.stdout, done.stderr) == (0, "No issues found\n", "")

    def test_say_what_is_wrong_with_them(self, sentry_cli: SentryCli) -> None:
        done = sentry_cli("issues", "list", "--query", "nonsense:foo")

        assert (done.returncode, done.stdout) == (1, "")
        assert 'sentry reported an error: Search term "nonsense:foo" at character 1 is not understood' in done.stderr
        assert "(http status: 400)" in done.stderr


class TestRefusals:
    def test_of_a_project_that_is_not_there(self, sentry_cli: SentryCli) -> None:
        done = sentry_cli("issues", "list", "--project", "nowhere")

        assert (done.returncode, done.stdout) == (1, "")
        assert "Project not found. Ensure that you configured the correct project and organization." in done.stderr

    def test_of_an_id_out_of_scope_look_like_success(
        self, sentry_cli: SentryCli, project: Project, stranger_project: Project
    ) -> None:
        """The reference wants 204, which this client takes for done. What counts: nothing was changed."""
        mine, theirs = IssueFactory(project=project), IssueFactory(project=stranger_project)

        done = sentry_cli("issues", "resolve", "-i", str(mine.pk), "-i", str(theirs.pk))

        assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Updated matching issues.")
        assert set(Issue.objects.values_list("status", flat=True)) == {"unresolved"}

    def test_of_nothing_in_particular_are_its_own(self, sentry_cli: SentryCli, project: Project) -> None:
        IssueFactory(project=project)

        done = sentry_cli("issues", "resolve")

        assert (done.returncode, done.stdout) == (0, "No changes requested.\n")
        assert Issue.objects.get().status == "unresolved"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("repos", "list"), "No repos found\n"),
        (("events", "list"), "No events found\n"),
        (("monitors", "list"), ""),
    ],
    ids=["repositories", "events", "monitors"],
)
def test_finds_none_of_what_is_not_kept(sentry_cli: SentryCli, words: tuple[str, ...], told: str) -> None:
    done = sentry_cli(*words)

    assert (done.returncode, done.stdout) == (0, told)


def test_logs_in_with_a_token_that_it_keeps(address: str, jane_token: str, tmp_path: Path) -> None:
    done = run(address, jane_token, "login", "--auth-token", jane_token, home=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Valid token for user jane@example.com\n" in done.stdout
    assert f"token={jane_token}\n" in (tmp_path / ".sentryclirc").read_text()


def test_tells_other_programs_how_it_is_configured(sentry_cli: SentryCli) -> None:
    done = sentry_cli("info", "--config-status-json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["auth"] == {"type": "token", "successful": True}
