"""When two things are wrong with a PUT, it is refused for the one that is checked first (contract 1.1)."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import pytest

from projects.models import Project, Scope, User
from tests.api_client import Api, bearer
from tests.assertions import snapshot
from tests.factories import LONG_AGO, ApiTokenFactory, IssueFactory

pytestmark = pytest.mark.django_db

TOKEN = "sntryu_" + "0123456789abcdef" * 4
MAX_BODY = 2**20

# In the order of the checks; the answer to each when nothing before it is wrong.
ANSWERS: dict[str, tuple[int, object]] = {
    "credential": (401, {"detail": "Token expired"}),
    "scope": (403, {"detail": "You do not have permission to perform this action."}),
    "project": (404, {"detail": "Not found."}),
    "query": (400, {"status": ['"open" is not a status; say one of unresolved, resolved, ignored.']}),
    "body": (400, {"isPublic": ["Must be a valid boolean."]}),
    "no ids": (400, {"detail": "You must specify a list of IDs for this operation"}),
    "id out of scope": (204, None),
}
CHECKS = list(ANSWERS)
IMPOSSIBLE = ("no ids", "id out of scope")


@dataclass
class Caller:
    """Jane, who can do anything wrong."""

    api: Api
    jane: User
    issue_id: int

    def put(self, faults: Collection[str]) -> tuple[int, object]:
        """Send a request with these faults and no other; return the status and the body."""
        ApiTokenFactory(
            user=self.jane,
            secret=TOKEN,
            expires_at=LONG_AGO if "credential" in faults else None,
            scopes=[Scope.EVENT_READ] if "scope" in faults else [Scope.EVENT_WRITE],
        )
        response = self.api.put(
            self.api.issues_url.replace("pump", "dump") if "project" in faults else self.api.issues_url,
            {"isPublic": "maybe" if "body" in faults else False},
            ids=[] if "no ids" in faults else [self.issue_id + ("id out of scope" in faults)],
            raw_query="status=open" if "query" in faults else "",
            headers={"Authorization": bearer(TOKEN)},
        )
        return response.status_code, response.json() if response.content else None


@pytest.fixture
def caller(api: Api, project: Project, jane: User) -> Caller:
    return Caller(api, jane, IssueFactory(project=project, public=True).pk)


def test_applies_a_request_without_fault(caller: Caller) -> None:
    assert caller.put([]) == (200, {"isPublic": False})


@pytest.mark.parametrize("fault", CHECKS)
def test_refuses_a_request_for_its_one_fault(caller: Caller, fault: str) -> None:
    before = snapshot()

    answer = caller.put([fault])

    assert answer == ANSWERS[fault]
    assert snapshot() == before


@pytest.mark.parametrize(("earlier", "later"), [pair for pair in combinations(CHECKS, 2) if pair != IMPOSSIBLE])
def test_refuses_for_the_earlier_of_two_faults(caller: Caller, earlier: str, later: str) -> None:
    before = snapshot()

    answer = caller.put([earlier, later])

    assert answer == ANSWERS[earlier]
    assert snapshot() == before


@pytest.mark.parametrize("first", range(len(CHECKS)), ids=CHECKS)
def test_refuses_for_the_first_of_all_faults_from_there_on(caller: Caller, first: int) -> None:
    faults = [fault for fault in CHECKS[first:] if fault != "id out of scope" or "no ids" not in CHECKS[first:]]
    before = snapshot()

    answer = caller.put(faults)

    assert answer == ANSWERS[CHECKS[first]]
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Bodies that can't even be read: part of the fifth check
# ---------------------------------------------------------------------------------------------------------------------

UNREADABLE = {
    "media type": (
        b"isPublic=false",
        "application/x-www-form-urlencoded",
        415,
        {
            "detail": 'Unsupported media type "application/x-www-form-urlencoded" in request. Send application/json.',
        },
    ),
    "size": (
        b" " * MAX_BODY + b"{}",
        "application/json",
        413,
        {"detail": "The body is larger than 1048576 bytes; name fewer issues or say less."},
    ),
    "no object": (b"[]", "application/json", 400, {"detail": "The body must be a JSON object."}),
}


@pytest.mark.parametrize(("body", "media_type", "status", "answer"), UNREADABLE.values(), ids=UNREADABLE)
def test_refuses_an_unreadable_body_before_missing_ids(
    api: Api, project: Project, body: bytes, media_type: str, status: int, answer: object
) -> None:
    IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, body, headers={"Content-Type": media_type})

    assert (response.status_code, response.json()) == (status, answer)
    assert snapshot() == before


@pytest.mark.parametrize(("body", "media_type"), [case[:2] for case in UNREADABLE.values()], ids=UNREADABLE)
def test_refuses_a_query_before_an_unreadable_body(api: Api, project: Project, body: bytes, media_type: str) -> None:
    IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, body, raw_query="status=open", headers={"Content-Type": media_type})

    assert (response.status_code, response.json()) == ANSWERS["query"]
    assert snapshot() == before


def test_refuses_a_media_type_before_a_size(api: Api, project: Project) -> None:
    response = api.put(api.issues_url, b" " * MAX_BODY + b"{}", ids=[1], headers={"Content-Type": "text/plain"})

    assert response.status_code == 415
    assert response.json() == {
        "detail": 'Unsupported media type "text/plain" in request. Send application/json.',
    }


# ---------------------------------------------------------------------------------------------------------------------
# A method that the route does not have: after the credential and the project
# ---------------------------------------------------------------------------------------------------------------------


def test_refuses_a_credential_before_a_method(api: Api) -> None:
    response = api.request("POST", api.issues_url, {}, auth=None)

    assert response.status_code == 401
    assert response.json() == {"detail": "Authentication credentials were not provided."}


def test_refuses_a_project_before_a_method(api: Api) -> None:
    response = api.request("POST", api.issues_url, {}, auth="kit")

    assert (response.status_code, response.json()) == ANSWERS["project"]


def test_refuses_a_method_before_its_query(api: Api) -> None:
    response = api.request("POST", api.issues_url, {}, raw_query="status=open")

    assert response.status_code == 405
    assert response.json() == {"detail": 'Method "POST" not allowed.'}
