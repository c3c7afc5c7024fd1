"""What is large, deep or many: refused or answered, and the server's memory stays where it was.

Every request is at most as large as the server takes; what matters is what is made of it.
"""

import json

import pytest

from issues.models import Issue
from tests.input.attacker import MIB, Attacker, peak_memory

pytestmark = pytest.mark.django_db(transaction=True)

ORGANIZATION = "/api/0/organizations/the-interstellar-jurisdiction/"
ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"
MEMORY = (
    192 * MIB
)  # more than it needs for the largest of them, and a fraction of what it took before there were bounds


def test_a_search_of_a_megabyte_is_refused_at_once(attacker: Attacker, issue: Issue) -> None:
    before = peak_memory()

    for query in ("a+" * 500_000, "%22" * 340_000, "%22" + "%5C" * 340_000, "a:" * 500_000, "a" * 1_000_000):
        for method, target in [("GET", ISSUES), ("GET", f"{ORGANIZATION}issues/"), ("DELETE", ISSUES)]:
            answer = attacker.send(method, f"{target}?id={issue.pk}&query={query}")

            assert answer.status == 400
            assert "a search has 10,000 characters at most." in answer.sentences
    assert peak_memory() - before < MEMORY


def test_a_list_of_projects_without_end_is_not_read(attacker: Attacker) -> None:
    before = peak_memory()

    lists: list[list[object]] = [[None] * 170_000, [{}] * 250_000, [str(number) for number in range(100_000)]]
    for projects in lists:
        body = json.dumps({"version": "2", "projects": projects}).encode()
        answer = attacker.send("POST", f"{ORGANIZATION}releases/", body)

        assert (answer.status, answer.json()) == (400, {"projects": ["Name 1,000 projects at most."]})
    assert peak_memory() - before < MEMORY
