"""What programs send errors with (contract 7.1)."""

from typing import Any

import pytest

from projects.models import ApiKey, ClientKey, Project
from tests.api_client import Api
from tests.factories import NOW, ClientKeyFactory

pytestmark = pytest.mark.django_db

KEYS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/keys/"
NOT_FOUND = {"detail": "Not found."}
NO_SCOPE = {"detail": "You do not have permission to perform this action."}


def body_of(key: ClientKey, **shown: Any) -> dict[str, Any]:
    reports = f"http://testserver/api/{key.project_id}/{{}}/?sentry_key={key.key}"
    return {
        "id": key.key,
        "name": "workers",
        "label": "workers",
        "public": key.key,
        "projectId": key.project_id,
        "isActive": True,
        "dateCreated": NOW.isoformat().replace("+00:00", "Z"),
        "rateLimit": None,
        "dsn": {
            "public": f"http://{key.key}@testserver/{key.project_id}",
            "csp": reports.format("csp-report"),
            "security": reports.format("security"),
        },
        **shown,
    }


@pytest.fixture
def key(project: Project) -> ClientKey:
    return ClientKeyFactory(project=project, name="workers", created_at=NOW)


def test_are_listed_the_oldest_first_and_by_pages(api: Api, key: ClientKey, other_project: Project) -> None:
    ClientKeyFactory(project=other_project)
    later = ClientKeyFactory(project=key.project, name="workers", created_at=NOW)

    assert api.get(KEYS).json() == [body_of(key), body_of(later)]

    first = api.get(KEYS, raw_query="per_page=1")
    assert [each["id"] for each in first.json()] == [key.key]
    second = first.headers["Link"].split(", <")[1].partition(">")[0].removeprefix("http://testserver")
    assert [each["id"] for each in api.get(second).json()] == [later.key]


def test_one_is_shown(api: Api, key: ClientKey) -> None:
    assert api.get(f"{KEYS}{key.key}/").json() == body_of(key)


def test_the_dsn_begins_with_the_address_of_the_installation(api: Api, key: ClientKey, settings: Any) -> None:
    settings.BASE_URL = "https://issues.example.com:8443"

    dsn = api.get(f"{KEYS}{key.key}/").json()["dsn"]

    assert dsn["public"] == f"https://{key.key}@issues.example.com:8443/{key.project_id}"
    assert dsn["csp"].startswith(f"https://issues.example.com:8443/api/{key.project_id}/csp-report/?")


@pytest.mark.parametrize("body", [{"name": "workers"}, {"name": ""}, {"name": None}, {}, None])
def test_one_is_made(api: Api, project: Project, body: Any) -> None:
    made = api.request("POST", KEYS, body)

    assert made.status_code == 201
    (key,) = ClientKey.objects.filter(project=project)
    name = (body or {}).get("name") or ""
    assert made.json() == body_of(key, name=name, label=name, dateCreated=made.json()["dateCreated"])
    assert len(key.key) == 32


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"isActive": False}, {"isActive": False}),
        ({"name": "beat"}, {"name": "beat", "label": "beat"}),
        ({"rateLimit": {"window": 60, "count": 500}}, {"rateLimit": {"window": 60, "count": 500}}),
        ({}, {}),
    ],
)
def test_one_is_changed_as_far_as_the_body_says(
    api: Api, key: ClientKey, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert api.put(f"{KEYS}{key.key}/", body).json() == body_of(key, **changed)
    assert api.get(f"{KEYS}{key.key}/").json() == body_of(key, **changed)


def test_a_limit_is_taken_back(api: Api, key: ClientKey) -> None:
    api.put(f"{KEYS}{key.key}/", {"rateLimit": {"window": 60, "count": 500}})

    assert api.put(f"{KEYS}{key.key}/", {"rateLimit": None}).json() == body_of(key)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"isActive": "yes"}, "isActive"),
        ({"isActive": None}, "isActive"),
        ({"isactive": False}, "isactive"),
        ({"name": "x" * 65}, "name"),
        ({"name": {}}, "name"),
        ({"rateLimit": {"window": 60}}, "rateLimit"),
        ({"rateLimit": {"window": 0, "count": 1}}, "rateLimit"),
        ({"rateLimit": {"window": 60, "count": 2**31}}, "rateLimit"),
        ({"rateLimit": {"window": True, "count": 1}}, "rateLimit"),
        ({"rateLimit": {"window": 1, "count": 1, "burst": 1}}, "rateLimit"),
        ({"rateLimit": 60}, "rateLimit"),
    ],
)
def test_what_is_wrong_with_a_change_is_said_and_nothing_is_changed(
    api: Api, key: ClientKey, body: dict[str, Any], field: str
) -> None:
    refused = api.put(f"{KEYS}{key.key}/", body)

    assert (refused.status_code, list(refused.json())) == (400, [field])
    assert api.get(f"{KEYS}{key.key}/").json() == body_of(key)


def test_an_unknown_key_of_a_body_makes_none(api: Api, project: Project) -> None:
    assert api.request("POST", KEYS, {"label": "workers"}).json() == {"label": ["Unknown key."]}
    assert not ClientKey.objects.exists()


def test_one_is_ended(api: Api, key: ClientKey) -> None:
    assert api.delete(f"{KEYS}{key.key}/").status_code == 204
    assert api.get(f"{KEYS}{key.key}/").status_code == 404
    assert api.delete(f"{KEYS}{key.key}/").json() == NOT_FOUND
    assert api.put(f"{KEYS}{key.key}/", {"isActive": True}).json() == NOT_FOUND


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_key_of_another_project_is_as_unknown_as_none(api: Api, other_project: Project, method: str) -> None:
    key = ClientKeyFactory(project=other_project)

    for name in (key.key, "0" * 32, "nonsense", "%00", key.key.upper() + "x"):
        refused = api.request(method, f"{KEYS}{name}/", {"isActive": False} if method == "PUT" else None)
        assert (refused.status_code, refused.json()) == (404, NOT_FOUND)
    assert ClientKey.objects.get().is_active


def test_a_stranger_finds_no_project(api: Api, key: ClientKey) -> None:
    for method, path in (("GET", KEYS), ("POST", KEYS), ("GET", f"{KEYS}{key.key}/"), ("DELETE", f"{KEYS}{key.key}/")):
        assert api.request(method, path, auth="kit").status_code == 404
    assert ClientKey.objects.count() == 1


@pytest.mark.parametrize(
    ("scope", "method", "status"),
    [
        ("event:read", "GET", 200),
        ("event:read", "POST", 403),
        ("event:write", "POST", 403),
        ("event:write", "PUT", 403),
        ("event:write", "DELETE", 403),
        ("event:admin", "POST", 201),
        ("event:admin", "PUT", 200),
        ("event:admin", "DELETE", 204),
        ("event:admin", "GET", 200),
    ],
)
def test_who_only_reads_or_writes_issues_lets_no_program_in(
    api: Api, key: ClientKey, scope: str, method: str, status: int
) -> None:
    ApiKey.objects.update(scopes=[scope])

    path = KEYS if method == "POST" else f"{KEYS}{key.key}/"
    refused = api.request(method, path, {"name": "x"} if method == "PUT" else None)

    assert refused.status_code == status
    if status == 403:
        assert refused.json() == NO_SCOPE
        assert ClientKey.objects.get().name == "workers"
