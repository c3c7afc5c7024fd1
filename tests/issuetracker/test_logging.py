"""The log ...: what an operator reads of requests, and nothing that is secret."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client

from issues.models import Issue
from issues.mutation import Assignee, Assignment, UnknownActor
from issuetracker.logs import LONGEST_NEWS
from projects.callers import Caller
from projects.models import ApiKey, Project, User
from projects.refusals import TryAgain
from tests.api_client import Api, basic
from tests.factories import IssueFactory
from tests.issues.services.calls import ask
from tests.issuetracker.logged import Log, failing
from tests.issuetracker.test_settings import manage
from tests.site import serving_site

A_NEW_ID = re.compile(r"[0-9a-f]{32}")
ISSUES = "/api/0/projects/{organization}/{project}/issues/"
ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"


@pytest.fixture
def plain_log(handler: logging.StreamHandler[Log], monkeypatch: pytest.MonkeyPatch) -> Log:
    made: dict[str, Any] = dict(django_settings.LOGGING["formatters"]["line"])  # type: ignore[index] # a plain dict
    assert made.pop("()") == "logging.Formatter"
    monkeypatch.setattr(handler, "formatter", logging.Formatter(**made))
    return handler.stream


# ---------------------------------------------------------------------------------------------------------------------
# The request's id
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/nowhere/", "/api/0/", "/static/admin/css/base.css"])
@pytest.mark.django_db
def test_gives_every_answer_an_id(client: Client, path: str) -> None:
    answers = [client.get(path) for _ in range(2)]
    for answer in answers:
        answer.close()

    first, second = (answer.headers["X-Request-Id"] for answer in answers)
    assert A_NEW_ID.fullmatch(first)
    assert A_NEW_ID.fullmatch(second)
    assert first != second


@pytest.mark.parametrize("wanted", ["a", "7f3d-91_c.2", "x" * 128])
def test_takes_the_caller_s_own_id(client: Client, wanted: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": wanted}).headers["X-Request-Id"] == wanted


@pytest.mark.parametrize("wanted", ["", "x" * 129, "two words", "a\tb", 'a"b', "a\\b", "é", "\u0661", "a\n", "<b>"])
def test_takes_no_id_that_is_not_safe(client: Client, wanted: str) -> None:
    response = client.get("/healthz", headers={"X-Request-Id": wanted})

    assert A_NEW_ID.fullmatch(response.headers["X-Request-Id"])


@pytest.mark.django_db
def test_puts_the_id_into_all_lines_of_a_request(api: Api, project: Project, settings: Any, log: Log) -> None:
    settings.LOCK_TIMEOUT_SECONDS = "some"  # a bug: PostgreSQL does not take it
    api.client.raise_request_exception = False

    response = api.put(api.issues_url, {}, ids=[IssueFactory(project=project).pk], headers={"X-Request-Id": "mine"})

    assert response.status_code == 500
    assert response.headers["X-Request-Id"] == "mine"
    assert [line["logger"] for line in log.lines()] == ["issues.mutations", "django.request"]
    for line in log.lines():
        assert line["request_id"] == "mine"
        assert (line["method"], line["route"]) == ("PUT", ISSUES)
        assert (line["organization"], line["project"]) == ("the-interstellar-jurisdiction", "pump-station")
        assert "request" not in line
    assert "Traceback" in log.lines()[1]["exc_info"]


@pytest.mark.django_db
def test_puts_the_id_into_a_line_that_is_written_after_the_middleware(api: Api, log: Log) -> None:
    """Django's own line about a 5xx that a view has answered."""
    with failing(TryAgain()):
        response = api.get(api.issues_url)

    assert response.status_code == 503
    assert [(line["logger"], line["request_id"]) for line in log.lines()] == [
        ("django.request", response.headers["X-Request-Id"]),
    ]


def test_knows_no_request_outside_of_one(log: Log) -> None:
    logging.getLogger("somewhere").warning("A %s.", "word")

    (line,) = log.lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {"level": "WARNING", "logger": "somewhere", "message": "A word."}


# ---------------------------------------------------------------------------------------------------------------------
# A line for each mutation
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_tells_of_a_mutation_who_what_and_how_much(api: Api, project: Project, jane: User, log: Log) -> None:
    ids = [IssueFactory(project=project).pk, IssueFactory(project=project, resolved=True).pk]

    response = api.put(api.issues_url, {"status": "resolved"}, ids=ids, auth="jane", raw_query="query=is:unresolved")

    (line,) = log.mutations()
    seconds, message = line.pop("seconds"), line.pop("message")
    assert 0 < seconds < 5
    assert message == (
        f'update by user {jane.pk} (jane), project {project.pk}, ids: 2, query "is:unresolved", '
        f'{{"status": "resolved"}}: done, 1 matched, 1 changed, {seconds:.3f} s'
    )
    assert line.pop("time")
    assert line == {
        "level": "INFO",
        "logger": "issues.mutations",
        "request_id": response.headers["X-Request-Id"],
        "method": "PUT",
        "route": ISSUES,
        "organization": "the-interstellar-jurisdiction",
        "project": "pump-station",
        "kind": "update",
        "preview": False,
        "user_id": jane.pk,
        "username": "jane",
        "api_key_id": None,
        "project_id": project.pk,
        "ids": 2,
        "statuses": None,
        "query": "is:unresolved",
        "body": '{"status": "resolved"}',
        "outcome": "done",
        "reason": None,
        "matched": 1,
        "changed": 1,
        "out_of_scope": 0,
        "mutation_id": int(response.headers["Mutation-Id"]),
    }


@pytest.mark.django_db
def test_tells_of_update_all_by_a_key(api: Api, project: Project, log: Log) -> None:
    IssueFactory(project=project)

    api.put(api.issues_url, {"status": "ignored"}, raw_query="status=unresolved&status=resolved")

    (line,) = log.mutations()
    key = ApiKey.objects.get()
    assert (line["user_id"], line["username"], line["api_key_id"]) == (None, None, key.pk)
    assert (line["ids"], line["statuses"], line["matched"]) == (None, ["resolved", "unresolved"], 1)
    assert line["message"].startswith(
        f'update by API key {key.pk}, project {project.pk}, ids: all, statuses ["resolved", "unresolved"], '
    )


@pytest.mark.django_db
def test_tells_of_each_project_by_itself(api: Api, project: Project, other_project: Project, log: Log) -> None:
    ids = [IssueFactory(project=project).pk, IssueFactory(project=other_project).pk]

    api.put(ORGANIZATION_ISSUES, {"isPublic": True}, ids=ids)

    assert [(line["project_id"], line["ids"], line["changed"]) for line in log.mutations()] == [
        (project.pk, 1, 1),
        (other_project.pk, 1, 1),
    ]
    assert len({line["request_id"] for line in log.mutations()}) == 1


@pytest.mark.django_db
def test_tells_of_one_issue_and_of_a_deletion(api: Api, project: Project, log: Log) -> None:
    issue = IssueFactory(project=project)

    api.put(f"/api/0/issues/{issue.pk}/", {"hasSeen": True})
    api.delete(f"/api/0/issues/{issue.pk}/")

    assert [(line["kind"], line["route"], line["ids"], line["changed"]) for line in log.mutations()] == [
        ("update", "/api/0/issues/{issue}/", 1, 0),
        ("delete", "/api/0/issues/{issue}/", 1, 1),
    ]


@pytest.mark.django_db
def test_tells_of_a_preview_and_of_an_undo(api: Api, project: Project, jane: User, log: Log) -> None:
    IssueFactory(project=project)
    api.put(api.issues_url, {"status": "ignored"}, raw_query="query=is:unassigned&preview=true")
    undone = api.put(api.issues_url, {"status": "ignored"}, raw_query="query=is:unassigned").headers["Mutation-Id"]
    url = f"{api.issues_url.replace('issues', 'mutations')}{undone}/undo/"

    for query in ("preview=true", "", ""):
        api.request("POST", url, auth="jane", raw_query=query)

    lines = log.mutations()
    assert [(line["kind"], line["preview"], line["changed"]) for line in lines] == [
        ("update", True, 1),
        ("update", False, 1),
        ("undo", True, 1),
        ("undo", False, 1),
        ("undo", False, 0),
    ]
    assert [line["mutation_id"] is None for line in lines] == [True, False, True, False, True]
    assert lines[0]["message"].startswith("preview of update by API key ")
    assert lines[3]["message"].startswith(
        f'undo by user {jane.pk} (jane), project {project.pk}, ids: all, query "is:unassigned", '
        f'{{"undo": "{undone}"}}: done, 1 matched, 1 changed, '
    )


@pytest.mark.django_db
def test_tells_of_no_undo_that_there_can_t_be(api: Api, project: Project, log: Log) -> None:
    deleted = api.delete(api.issues_url, ids=[IssueFactory(project=project).pk]).headers["Mutation-Id"]
    url = api.issues_url.replace("issues", "mutations")

    statuses = [api.request("POST", f"{url}{pk}/undo/").status_code for pk in (deleted, 999_999)]

    assert statuses == [400, 404]
    assert [line["kind"] for line in log.mutations()] == ["delete"]


@pytest.mark.django_db
def test_tells_of_a_mutation_that_was_not_done(api: Api, project: Project, log: Log) -> None:
    issue = IssueFactory(project=project)

    api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk, 999_999])

    (line,) = log.mutations()
    assert (line["outcome"], line["out_of_scope"], line["matched"], line["mutation_id"]) == ("out_of_scope", 1, 0, None)


@pytest.mark.django_db
def test_tells_why_a_mutation_was_refused(project: Project, log: Log) -> None:
    issue = IssueFactory(project=project)

    with pytest.raises(UnknownActor):
        ask(project, [issue], by=Caller(), assignment=Assignment(Assignee("user", 999_999, "gone")))

    (line,) = log.mutations()
    assert (line["outcome"], line["reason"], line["matched"], line["changed"]) == ("refused", "UnknownActor", 0, 0)


@pytest.mark.django_db
def test_cuts_what_is_long_and_keeps_what_is_strange_on_its_line(api: Api, project: Project, plain_log: Log) -> None:
    IssueFactory(project=project)
    strange = "a\n2026-01-01 00:00:00,000 INFO issues.mutations [-]: delete by user 1 (jane)"

    api.put(api.issues_url, {"isPublic": True, "more": strange + "x" * 100_000}, ids=[Issue.objects.get().pk])
    api.put(api.issues_url, {"status": "resolved"}, raw_query=f"query=%22a%0Ab%22+{'x' * 2000}")

    first, second = plain_log.getvalue().splitlines()
    assert len(first) < 1500
    assert len(second) < 1500
    assert "2026-01-01" not in first  # what was not understood is not kept here either
    assert r"a\nb" in second


@pytest.mark.django_db
def test_is_plain_lines_for_a_person(api: Api, project: Project, plain_log: Log) -> None:
    issue = IssueFactory(project=project)

    api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"X-Request-Id": "mine"})
    logging.getLogger("somewhere").warning("A word.")

    mutation, other = plain_log.getvalue().splitlines()
    assert re.fullmatch(
        r"[\d-]{10} [\d:,]{12} INFO issues\.mutations \[mine\]: update by API key \d+, project \d+, ids: 1, "
        r'\{"status": "resolved"\}: done, 1 matched, 1 changed, [\d.]+ s',
        mutation,
    )
    assert other.endswith(" WARNING somewhere [-]: A word.")


@pytest.mark.django_db(transaction=True)
def test_holds_no_secret_whatever_happens(api: Api, project: Project, api_key: str, tmp_path: Path) -> None:
    """On the real server, from the settings as they are: all of it is JSON, gunicorn's own lines too."""
    issue = IssueFactory(project=project, public=True)
    assert issue.share_id is not None
    path = tmp_path / "log"
    sent = {"Content-Type": "application/json", "Authorization": basic(api_key)}
    token = "the-token-of-the-metrics"
    with serving_site(path, METRICS_TOKEN=token, LOG_LEVEL="INFO") as site:
        put = site.send("PUT", f"{api.issues_url}?id={issue.pk}", b'{"status": "resolved"}', sent)
        site.send("PUT", f"{api.issues_url}?id={issue.pk}", b'{"status": "secret"}', sent)
        site.send("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
        site.send("GET", "/metrics", headers={"Authorization": "Bearer secret"})
        site.send("GET", f"/api/0/shared/issues/{issue.share_id.hex}/", headers={"Cookie": "sessionid=secret"})
        refused = site.send("GET", "/", headers={"Authorization": "secret" * 2000})
        logged = path.read_text()

    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["request_id"] for line in lines if line["logger"] == "issues.mutations"] == [
        put.headers["X-Request-Id"]
    ]
    assert [
        (line["request_id"], line["message"])
        for line in lines
        if line["logger"] == "gunicorn.error" and line["level"] == "WARNING"
    ] == [(refused.headers["X-Request-Id"], "Refused a request of 127.0.0.1: 431, LimitRequestHeaders")]
    for secret in ("secret", api_key, basic(api_key).split()[1], token, issue.share_id.hex):
        assert secret not in logged


# ---------------------------------------------------------------------------------------------------------------------
# Settings
# ---------------------------------------------------------------------------------------------------------------------


def test_has_no_other_format() -> None:
    done = manage("check", LOG_FORMAT="xml")

    assert (done.returncode, done.stderr) == (1, "LOG_FORMAT is 'xml'; say json or line.\n")


@pytest.mark.parametrize(
    ("level", "told"), [("", "INFO"), ("INFO", "INFO"), ("DEBUG", "DEBUG"), ("WARNING", "INFO"), ("ERROR", "ERROR")]
)
def test_tells_of_mutations_unless_only_errors_are_wanted(level: str, told: str) -> None:
    program = "import logging; print(logging.getLevelName(logging.getLogger('issues.mutations').getEffectiveLevel()))"

    done = manage("shell", "--no-imports", "--command", program, LOG_LEVEL=level)

    assert done.stdout == f"{told}\n"


def test_tells_of_a_wrong_host_on_one_line(client: Client, log: Log) -> None:
    response = client.get("/api/0/", headers={"host": "elsewhere.example"})

    (line,) = log.lines("django.security")
    assert response.status_code == 400
    assert line["level"] == "WARNING"
    assert "elsewhere.example" in line["message"]
    assert "exc_info" not in line


def test_a_long_wrong_host_makes_no_long_line(client: Client, log: Log) -> None:
    response = client.get("/api/0/", headers={"host": f"{'%s' * 30_000}.example"})

    (line,) = log.lines("django.security")
    assert response.status_code == 400
    assert line["message"].startswith("Invalid HTTP_HOST header: '%s%s")
    assert len(line["message"]) == LONGEST_NEWS + 1


@pytest.mark.parametrize("address", ["/admin/desk/issues/{}/", "/admin/projects/project/{}/change/"])
def test_a_long_address_makes_no_long_line(log: Log, address: str) -> None:
    response = Client(enforce_csrf_checks=True).post(address.format("a" * 60_000))

    (line,) = log.lines("django.security")
    assert response.status_code == 403
    assert line["message"].startswith("Forbidden (CSRF cookie not set.): /admin/")
    assert len(line["message"]) == LONGEST_NEWS + 1


def test_what_an_address_names_makes_no_long_line(api: Api, log: Log) -> None:
    with failing(OperationalError("nobody listens")):
        api.get(f"/api/0/projects/{'a' * 60_000}/{'b' * 60_000}/issues/", auth="key")

    (line,) = log.lines("projects.database.outages")
    assert {name: len(line[name]) for name in ("organization", "project")} == {
        "organization": LONGEST_NEWS + 1,
        "project": LONGEST_NEWS + 1,
    }


def test_a_bug_has_its_traceback_however_long_its_address_is(log: Log) -> None:
    logging.getLogger("django.request").error("Internal Server Error: %s", "/a" * 30_000, exc_info=ValueError("x"))

    (line,) = log.lines("django.request")
    assert (len(line["message"]), line["level"]) == (LONGEST_NEWS + 1, "ERROR")
    assert "ValueError: x" in line["exc_info"]


def test_tells_of_an_address_that_is_too_long_to_come_back_to_on_one_line(client: Client, log: Log) -> None:
    response = client.get(f"/admin/jsi18n/?{'a=1&' * 5_000}")

    (line,) = log.lines("django.security")
    assert response.status_code == 400
    assert line["level"] == "WARNING"
    assert "exc_info" not in line
