"""What Schemathesis makes up from the API's document, sent to the real server: no crash, no answer that is not in it.

It gets the document with a little more: words that lead somewhere beside those that it makes up itself, or almost every
answer would be a 404.
"""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from issues.models import Issue
from issuetracker.openapi.schema import document
from projects.models import Project, User
from tests.api_client import basic, bearer
from tests.factories import ActivityFactory, IssueFactory, MutationFactory, ReleaseFactory
from tests.live import serving

pytestmark = pytest.mark.django_db(transaction=True)

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# The service's own "try again" is no crash.
CONFIGURATION = '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", "503"]\n'

ISSUES = 40
SHARE_ID = "0123456789abcdef0123456789abcdef"
VERSIONS = ["1.0.0", "web@1.2.3+456", "a/b", "100%"]
LEADING: dict[str, list[str]] = {
    "organization": ["the-interstellar-jurisdiction"],
    "project": ["pump-station", "prime-mover"],
    "issue": [*map(str, range(1, ISSUES + 1)), "PUMP-STATION-1"],
    "note": [str(number) for number in range(1, ISSUES + 1)],
    "event": ["latest", f"{1:032x}", f"{2:032x}"],
    "mutation": [str(number) for number in range(1, ISSUES + 1)],
    "share_id": [SHARE_ID],
    "version": [version.replace("/", "%2F") for version in VERSIONS] + VERSIONS,
    "query": ["is:unresolved", "is:ignored !is:assigned", "assigned:me", '"An error" timesSeen:>1', "age:-24h", "id:3"],
    "cursor": ["0:0:0", "1767225600000000:5:0", "1767225600000000:5:1", ""],
    "statsPeriod": ["24h", "14d", "", "90d"],
}


@pytest.fixture
def world(project: Project, other_project: Project, jane: User) -> Project:
    """Issues 1 to 40, with a note and a mutation each, and releases."""
    for number in range(1, ISSUES + 1):
        issue = IssueFactory(
            project=other_project if number % 4 == 0 else project,
            id=number,
            short_number=number,
            own_comment_count=1,
            share_id=SHARE_ID if number == 1 else None,
        )
        ActivityFactory(issue=issue, user=jane, note=True)
        MutationFactory(project=issue.project, id=number, user=jane, ids=[number])
    with connection.cursor() as cursor:  # those ids are taken
        cursor.execute("SELECT setval(pg_get_serial_sequence('issues_mutation', 'id'), %s)", [ISSUES])
    for version in VERSIONS:
        ReleaseFactory(projects=[project, other_project], version=version)
    return project


def with_leading_words() -> dict[str, Any]:
    """Return the document, with parameters that may be those words as well as anything."""
    made = copy.deepcopy(document())
    places = [made["components"]["parameters"].values()]
    places += [o.get("parameters", []) for methods in made["paths"].values() for o in methods.values()]
    for parameter in (parameter for place in places for parameter in place if "$ref" not in parameter):
        name, schema = parameter["name"], parameter["schema"]
        if name in LEADING:
            parameter["schema"] = {"anyOf": [{"enum": LEADING[name]}, schema]}
        elif name == "id":
            schema["items"] = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": ISSUES}, schema["items"]]}
        elif name == "project":
            ids = list(Project.objects.order_by("pk").values_list("pk", flat=True))
            schema["items"] = {"anyOf": [{"enum": ids}, schema["items"]]}
    return made


def run(folder: Path, authorization: str, *options: str) -> int:
    """Let Schemathesis call the server; return how many requests that were."""
    (folder / "document.json").write_text(json.dumps(with_leading_words()))
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    program = [sys.executable, "-m", "schemathesis.cli", "run", "document.json", "--no-color", "--warnings", "off"]
    with serving() as url:
        found = subprocess.run(
            [*program, "--url", url, "-H", f"Authorization: {authorization}", "--checks", ",".join(CHECKS), *options],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert found.returncode == 0, found.stdout + found.stderr
    counted = re.search(r"(\d+) generated, (\d+) passed", found.stdout)
    assert counted is not None, found.stdout
    assert counted[1] == counted[2], found.stdout
    print(found.stdout)
    return int(counted[1])


def test_a_few_requests_of_each_kind(world: Project, jane_token: str, tmp_path: Path) -> None:
    """The same each time; `make soak` sends thousands."""
    sent = run(tmp_path, bearer(jane_token), "--phases", "fuzzing", "-n", "1", "--generation-deterministic")

    assert sent > 80
    assert Issue.objects.exists()


@pytest.mark.soak
@pytest.mark.parametrize("who", ["jane", "key"])
def test_thousands_of_requests(world: Project, jane_token: str, api_key: str, tmp_path: Path, who: str) -> None:
    """Others each time: what fails is printed with its seed and a curl."""
    authorization = bearer(jane_token) if who == "jane" else basic(api_key)

    sent = run(tmp_path, authorization, "--phases", "examples,coverage,fuzzing,stateful", "-n", "100")

    assert sent > 5000
