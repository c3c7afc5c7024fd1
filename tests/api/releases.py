"""Calls of the routes of releases, and what they answer."""

from typing import Any
from urllib.parse import quote

import pytest

from projects.models import Project, Release
from tests.api_client import Api
from tests.assertions import snapshot

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
OF_PROJECT = "/api/0/projects/the-interstellar-jurisdiction/pump-station/releases/"
ROUTES = pytest.mark.parametrize("releases", [RELEASES, OF_PROJECT], ids=["organization", "project"])
NOT_FOUND = {"detail": "Not found."}


def post(api: Api, path: str, body: object, **how: Any) -> Any:
    return api.request("POST", path, body, **how)


def address(releases: str, version: str) -> str:
    return f"{releases}{quote(version, safe='')}/"


def everything() -> dict[str, Any]:
    return {
        "releases": list(Release.objects.order_by("id").values()),
        "issues": snapshot(),
    }


def project_in(project: Project, **shown: Any) -> dict[str, Any]:
    return {
        "id": project.pk,
        "slug": project.slug,
        "name": project.name,
        "newGroups": 0,
        "platform": None,
        "platforms": [],
        "hasHealthData": False,
        **shown,
    }


def body_of(release: Release, *projects: Project, **shown: Any) -> dict[str, Any]:
    """Return the whole answer about a release, of which only what is given differs from the least there can be."""
    return {
        "id": release.pk,
        "version": release.version,
        "status": "open",
        "shortVersion": release.version,
        "versionInfo": {
            "package": None,
            "version": {"raw": release.version},
            "description": release.version,
            "buildHash": None,
        },
        "ref": None,
        "url": None,
        "dateCreated": "2026-01-30T12:00:00Z",  # LONG_AGO
        "dateStarted": None,
        "dateReleased": None,
        "data": {},
        "newGroups": 0,
        "owner": None,
        "commitCount": 0,
        "lastCommit": None,
        "deployCount": 0,
        "lastDeploy": None,
        "authors": [],
        "projects": [project_in(project) for project in projects],
        "firstEvent": None,
        "lastEvent": None,
        **shown,
    }


NO_DATE = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
