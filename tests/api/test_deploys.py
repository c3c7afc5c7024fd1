"""Deploys of a release (contract section 5)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import ApiToken, Deploy, Organization, Project, Release, User
from tests.api_client import Api
from tests.factories import NOW, DeployFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

RELEASE = "/api/0/organizations/the-interstellar-jurisdiction/releases/1.0.0/"
DEPLOYS = f"{RELEASE}deploys/"
NOT_FOUND = {"detail": "Not found."}
NO_DATE = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


@pytest.fixture
def release(project: Project) -> Release:
    return ReleaseFactory(projects=[project], version="1.0.0")


def post(api: Api, body: object, **how: Any) -> Any:
    return api.request("POST", DEPLOYS, body, **how)


def body_of(deploy: Deploy, **shown: Any) -> dict[str, Any]:
    return {
        "id": str(deploy.pk),
        "environment": "production",
        "name": None,
        "url": None,
        "dateStarted": None,
        "dateFinished": "2026-03-01T12:00:00Z",
        **shown,
    }


# ---------------------------------------------------------------------------------------------------------------------
# Recorded
# ---------------------------------------------------------------------------------------------------------------------


def test_records_what_sentry_cli_sends(api: Api, release: Release) -> None:
    sent = {
        "environment": "production",
        "name": None,
        "url": None,
        "dateStarted": None,
        "dateFinished": "2026-03-01T12:00:00.123456789Z",
    }

    response = post(api, sent)

    deploy = Deploy.objects.get()
    assert deploy.release == release
    assert response.status_code == 201
    assert response.json() == body_of(deploy, dateFinished="2026-03-01T12:00:00.123456Z")
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_records_all_that_may_be_said(api: Api, release: Release) -> None:
    said = {
        "environment": " qa ",
        "name": "blue",
        "url": "https://qa.example.com/",
        "dateStarted": "2026-03-01T12:30:00+01:00",
        "dateFinished": "2026-03-01T12:00:00Z",
        "projects": ["nowhere"],
    }

    response = post(api, said)

    assert response.status_code == 201
    assert response.json() == body_of(
        Deploy.objects.get(),
        environment="qa",
        name="blue",
        url="https://qa.example.com/",
        dateStarted="2026-03-01T11:30:00Z",
    )


def test_is_finished_now_unless_it_says_when(api: Api, release: Release) -> None:
    before = datetime.now(UTC)

    response = post(api, {"environment": "production"})

    deploy = Deploy.objects.get()
    assert response.status_code == 201
    assert before <= deploy.finished_at <= datetime.now(UTC)


def test_is_recorded_as_often_as_it_is_sent(api: Api, release: Release) -> None:
    for _ in range(2):
        assert post(api, {"environment": "production"}).status_code == 201

    assert Deploy.objects.count() == 2


REQUIRED, BLANK = "This field is required.", "This field may not be blank."
WRONG = {
    "nothing": ({}, {"environment": [REQUIRED]}),
    "null": ({"environment": None}, {"environment": ["This field may not be null."]}),
    "blank": ({"environment": " "}, {"environment": [BLANK]}),
    "too long": (
        {"environment": "x" * 65, "name": "x" * 65},
        {key: ["Ensure this field has no more than 64 characters."] for key in ("environment", "name")},
    ),
    "all at once": (
        {"environment": [], "url": "nowhere", "dateStarted": 5, "dateFinished": ""},
        {
            "environment": ["Not a valid string."],
            "url": ["Enter a valid URL."],
            "dateStarted": [NO_DATE],
            "dateFinished": [NO_DATE],
        },
    ),
}


@pytest.mark.parametrize(("said", "refusal"), WRONG.values(), ids=WRONG)
def test_refuses_a_deploy_that_is_wrong(api: Api, release: Release, said: object, refusal: object) -> None:
    response = post(api, said)

    assert (response.status_code, response.json()) == (400, refusal)
    assert not Deploy.objects.exists()


# ---------------------------------------------------------------------------------------------------------------------
# Listed
# ---------------------------------------------------------------------------------------------------------------------


def test_lists_the_last_one_first(api: Api, project: Project, release: Release) -> None:
    last, first, between = (
        DeployFactory(release=release, finished_at=NOW - timedelta(hours=hours)) for hours in (0, 9, 5)
    )
    DeployFactory(release=ReleaseFactory(projects=[project]))

    response = api.get(DEPLOYS)

    assert response.status_code == 200
    assert response.json() == [
        body_of(last),
        body_of(between, dateFinished="2026-03-01T07:00:00Z"),
        body_of(first, dateFinished="2026-03-01T03:00:00Z"),
    ]


def test_leads_from_page_to_page(api: Api, release: Release) -> None:
    made = [DeployFactory(release=release) for _ in range(3)]

    first = api.get(DEPLOYS, raw_query="per_page=2")
    query = re.findall(r'[?]([^>]+)>; rel="next"; results="true"', first.headers["Link"])[0]
    second = api.get(DEPLOYS, raw_query=query)

    ids = [[int(deploy["id"]) for deploy in response.json()] for response in (first, second)]
    assert ids == [[made[2].pk, made[1].pk], [made[0].pk]]
    assert 'rel="next"; results="false"' in second.headers["Link"]


def test_asks_as_often_for_many_deploys_as_for_one(api: Api, release: Release) -> None:
    counts = []
    for _ in range(2):
        DeployFactory.create_batch(10, release=release)
        with CaptureQueriesContext(connection) as queries:
            assert api.get(DEPLOYS).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


# ---------------------------------------------------------------------------------------------------------------------
# What else is asked of a release
# ---------------------------------------------------------------------------------------------------------------------


def test_has_no_commits_and_none_before(api: Api, release: Release) -> None:
    commits, before = api.get(f"{RELEASE}commits/"), api.get(f"{RELEASE}previous-with-commits/")

    assert (commits.status_code, commits.json()) == (200, [])
    assert commits.headers["Link"].count('results="false"') == 2
    assert (before.status_code, before.json()) == (200, {})


@pytest.mark.parametrize(
    ("method", "below"),
    [("GET", "deploys"), ("POST", "deploys"), ("GET", "commits"), ("GET", "previous-with-commits")],
)
def test_is_unknown_without_a_release_in_sight(
    api: Api, project: Project, release: Release, sam: User, method: str, below: str
) -> None:
    unknown = api.request(method, f"{RELEASE.replace('1.0.0', '2.0.0')}{below}/", {})
    strangers = api.request(method, f"{RELEASE}{below}/", {}, auth="kit")
    Organization.objects.update(open_membership=False)
    unseen = api.request(method, f"{RELEASE}{below}/", {}, auth="sam")

    for response in (unknown, strangers, unseen):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert not Deploy.objects.exists()


@pytest.mark.parametrize(("scope", "allowed"), [("event:read", 403), ("event:write", 201), ("event:admin", 201)])
def test_needs_a_scope_to_record(api: Api, release: Release, jane: User, scope: str, allowed: int) -> None:
    ApiToken.objects.filter(user=jane).update(scopes=[scope])

    assert post(api, {"environment": "production"}, auth="jane").status_code == allowed
    assert api.get(DEPLOYS, auth="jane").status_code == 200
    assert Deploy.objects.count() == (allowed == 201)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_has_no_other_methods(api: Api, release: Release, method: str) -> None:
    response = api.request(method, DEPLOYS, {})

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
