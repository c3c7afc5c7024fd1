"""An issue that an event opened again, as callers see it (contract 1.8, 6, 7.9)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.issues.services.occurrences.batches import count, event, known

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
SOON = timedelta(minutes=1)


def listed(api: Api, query: str = "") -> list[Json]:
    items: list[Json] = api.get(api.issues_url, raw_query=f"query={query}").json()
    return items


def test_comes_back_is_found_and_is_no_longer_what_it_was_left(api: Api, project: Project) -> None:
    issue = known(project)
    mutations = api.issues_url.removesuffix("issues/") + "mutations/"
    first = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk]).headers["Mutation-Id"]
    count(project, event(at=timezone.now() + SOON), at=timezone.now())

    (item,) = listed(api, "is:regressed")
    assert (item["status"], item["statusDetails"], item["substatus"]) == ("unresolved", {}, "regressed")
    assert listed(api, "is:escalating") == listed(api, "!is:regressed") == []
    (told,) = api.get(f"{mutations}{first}/").json()["issues"]
    assert told["after"] == {"status": "resolved", "statusDetails": {}}
    newest = api.get(f"/api/0/issues/{issue.pk}/").json()["activity"][0]
    assert (newest["type"], newest["user"]) == ("set_regression", None)
    assert api.undo(first).json()["skipped"] == 1

    again = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk]).headers["Mutation-Id"]
    assert listed(api)[0]["substatus"] is None
    assert api.undo(again).json()["restored"] == 1
    (back,) = listed(api, "is:regressed")
    assert back == item


@pytest.mark.parametrize("substatus", ["regressed", "ongoing"])
def test_stays_as_it_is_when_it_is_sent_back(api: Api, project: Project, substatus: str) -> None:
    known(project, reopened_as="regressed")
    (item,) = listed(api)
    before = snapshot()

    response = api.put(api.issues_url, item | {"substatus": substatus}, ids=[int(item["id"])])

    assert (response.status_code, response.headers["Issues-Changed"]) == (200, "0")
    assert snapshot() == before


def test_escalates_with_more_than_twice_its_busiest_hour(api: Api, project: Project) -> None:
    issue = known(project)
    api.put(api.issues_url, {"status": "ignored", "substatus": "archived_until_escalating"}, ids=[issue.pk])
    now = timezone.now()
    count(project, *[event(at=now + timedelta(seconds=1))] * 9, at=now)
    assert listed(api)[0]["substatus"] == "archived_until_escalating"

    count(project, event(at=now + SOON), at=now)

    (item,) = listed(api, "is:escalating")
    assert (item["status"], item["statusDetails"], item["substatus"]) == ("unresolved", {}, "escalating")
