"""One event as it is shown: whole, by its id, and whose it is (contract 7.10)."""

from datetime import timedelta
from uuid import UUID

import pytest

from events.models import Event
from issues.models import Issue, IssueHash
from projects.models import Project
from tests.api.kept import BY_ID, EVENTS, HERE, ID, OF_AN_ISSUE, WHOLE
from tests.api.one_issue import ISSUES, LEGACY, NOT_FOUND
from tests.api_client import Api
from tests.events.counting.arriving import fingerprint
from tests.events.reading.telling import counted, keep, tell
from tests.factories import NOW, IssueFactory, IssueHashFactory

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# One event
# ---------------------------------------------------------------------------------------------------------------------

DASHED = str(UUID(ID))


@pytest.mark.parametrize(
    ("route", "word"),
    [
        *((route, word) for route in OF_AN_ISSUE for word in ("latest", "oldest", "recommended", ID, DASHED)),
        *((EVENTS, word) for word in (ID, ID.upper(), DASHED)),
    ],
)
def test_is_shown_whole(api: Api, sent: Issue, route: str, word: str) -> None:
    response = api.get(f"{route.format(issue=sent.pk, short=sent.short_id)}{word}/")

    found = response.json()
    assert response.status_code == 200
    assert (found["groupID"], found["projectID"]) == (str(sent.pk), str(sent.project_id))
    assert (found["release"]["version"], found["release"]["projects"][0]["slug"]) == ("1.0.0", "pump-station")
    assert found["fingerprints"] == list(IssueHash.objects.values_list("hash", flat=True))
    assert found["size"] > 1000
    known = {key: value for key, value in found.items() if key in WHOLE}
    assert known == WHOLE
    assert set(found) - set(WHOLE) == {"groupID", "projectID", "release", "fingerprints", "size"}
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_of_which_nothing_is_known_has_every_key(api: Api, project: Project, sent: Issue) -> None:
    nothing = tell(project, {})

    found = api.get(f"{EVENTS}{nothing.hex}/").json()

    whole = api.get(f"{EVENTS}{ID}/").json()
    assert set(found) == set(whole)
    assert {key for key, value in found.items() if value is None} == {
        *("platform", "location", "release", "dist", "user", "previousEventID", "nextEventID"),
        *("occurrence", "userReport"),
    }
    assert (found["entries"], found["contexts"], found["sdk"], found["errors"]) == ([], {}, {}, [])
    assert found["tags"] == [{"key": "level", "value": "error"}]


def test_says_what_could_not_be_read(api: Api, project: Project) -> None:
    odd = tell(project, {"level": [], "tags": {"a b": "x"}})

    assert api.get(f"{EVENTS}{odd.hex}/").json()["errors"] == [
        {"type": "invalid_data", "message": "Discarded invalid value", "data": {"name": name}}
        for name in ("level", "tags.a b")
    ]


def test_of_a_policy_has_its_report(api: Api, project: Project) -> None:
    report = {"effective_directive": "img-src", "blocked_uri": "https://evil.example/x.png"}
    blocked = tell(project, {"csp": report})

    found = api.get(f"{EVENTS}{blocked.hex}/").json()

    assert (found["type"], found["entries"]) == ("csp", [{"type": "csp", "data": report}])


def test_names_those_beside_it(api: Api, project: Project) -> None:
    ids = [counted(project, at=NOW - number * timedelta(days=9)).hex for number in range(3)]
    issue = Issue.objects.get()

    latest, middle, oldest = (
        api.get(f"{ISSUES}{issue.pk}/events/{word}/").json() for word in ("latest", ids[1], "oldest")
    )

    assert [(event["previousEventID"], event["nextEventID"]) for event in (latest, middle, oldest)] == [
        (ids[1], None),
        (ids[2], ids[0]),
        (None, ids[1]),
    ]


def test_is_there_as_soon_as_it_was_taken_in(api: Api, project: Project) -> None:
    waiting = keep(project)

    found = api.get(f"{EVENTS}{waiting.hex}/").json()

    assert (found["groupID"], found["title"]) == (None, "Error: pump")
    assert api.get(f"{BY_ID}{waiting.hex}/").json()["groupId"] is None


def test_that_is_not_kept_any_more_is_not_found(api: Api, project: Project) -> None:
    first, second = counted(project), counted(project)
    Event.objects.filter(event_id=first).delete()

    for route in (EVENTS, BY_ID, f"{ISSUES}{Issue.objects.get().pk}/events/"):
        assert (api.get(f"{route}{first.hex}/").status_code, api.get(f"{route}{second.hex}/").status_code) == (404, 200)


def test_that_is_kept_takes_the_place_of_the_one_made_of_its_issue(api: Api, sent: Issue) -> None:
    made = f"{sent.pk:032x}"

    assert api.get(f"{ISSUES}{sent.pk}/events/{made}/").status_code == 404
    assert api.get(f"{EVENTS}{made}/").status_code == 404
    assert api.get(f"{BY_ID}{made}/").status_code == 404
    assert api.get(f"{HERE}issues/", raw_query=f"query={made}").json() == []


def test_is_found_by_its_id_in_the_organization(api: Api, sent: Issue) -> None:
    whole = api.get(f"{EVENTS}{ID}/").json()

    for word in (ID, DASHED, ID.upper()):
        response = api.get(f"{BY_ID}{word}/")

        assert (response.status_code, response.json()) == (
            200,
            {
                **{"organizationSlug": "the-interstellar-jurisdiction", "projectSlug": "pump-station"},
                **{"groupId": str(sent.pk), "eventId": ID, "event": whole},
            },
        )


def test_of_a_seeded_issue_is_found_by_its_id_in_the_organization(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    assert api.get(f"{BY_ID}{issue.pk:032x}/").json()["groupId"] == str(issue.pk)


@pytest.mark.parametrize("word", ["0" * 32, "f" * 32, "x", "-", "%00", "latest"])
def test_is_not_found_by_what_is_no_id(api: Api, sent: Issue, word: str) -> None:
    assert (api.get(f"{BY_ID}{word}/").status_code, api.get(f"{EVENTS}{word}/").status_code) == (404, 404)


# ---------------------------------------------------------------------------------------------------------------------
# Whose
# ---------------------------------------------------------------------------------------------------------------------


def test_of_another_organization_is_found_nowhere(api: Api, project: Project, stranger_project: Project) -> None:
    theirs = counted(stranger_project)
    issue = IssueFactory(project=project)
    # the same fingerprint here
    IssueHashFactory(issue=issue, hash=fingerprint("pump").hex)

    for route in (EVENTS, BY_ID, f"{ISSUES}{issue.pk}/events/", f"{LEGACY}{issue.pk}/events/"):
        response = api.get(f"{route}{theirs.hex}/")

        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert api.get(EVENTS).json() == api.get(f"{ISSUES}{issue.pk}/events/").json() == []
    stranger = Issue.objects.get(project=stranger_project)
    for rest in ("events/", "events/latest/", "tags/", "tags/level/", "tags/level/values/", "hashes/"):
        assert api.get(f"{LEGACY}{stranger.pk}/{rest}").status_code == 404
        assert api.get(f"{ISSUES}{stranger.pk}/{rest}").status_code == 404


def test_of_a_project_that_one_does_not_see_is_not_found(api: Api, sent: Issue, project: Project) -> None:
    project.organization.open_membership = False
    project.organization.save()

    for path in (f"{EVENTS}{ID}/", f"{BY_ID}{ID}/", EVENTS, f"{ISSUES}{sent.pk}/events/", f"{LEGACY}{sent.pk}/tags/"):
        assert api.get(path, auth="sam").status_code == 404
        assert api.get(path, auth="jane").status_code == 200
        assert api.get(path, auth="kit").status_code == 404
        assert api.get(path, auth=None).status_code == 401
