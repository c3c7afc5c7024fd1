"""Who calls and what there is: the routes by which clients find their way (contract 5)."""

from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import Organization, OrganizationMember, Project, Team, User
from tests.answers import headers_of, links_of
from tests.api.discovery import BASE, HERE, NOT_FOUND, Json, account
from tests.api_client import Api, Who, bearer
from tests.factories import (
    NOW,
    ApiTokenFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NOBODY = {
    "detail": "An API key belongs to an organization, not to a user; call this with a user's token "
    "(Authorization: Bearer)."
}


# ---------------------------------------------------------------------------------------------------------------------
# Every route
# ---------------------------------------------------------------------------------------------------------------------


TEAM = "/api/0/teams/the-interstellar-jurisdiction/powerful-abolitionist/"
ONE = [f"{HERE}/", "/api/0/projects/the-interstellar-jurisdiction/pump-station/", TEAM]


# By what it takes to read them: a number of statements.
STATEMENTS = {
    "/api/0/organizations/": 2,
    "/api/0/projects/": 3,
    f"{HERE}/projects/": 4,
    f"{HERE}/teams/": 3,
    f"{HERE}/members/": 4,
    f"{HERE}/users/": 5,
}
LISTS = list(STATEMENTS)
CALLER = ["/api/0/", "/api/0/auth/", "/api/0/users/me/", "/api/0/users/me/regions/"]
ROUTES = [*CALLER, *LISTS, *ONE]
OF_AN_ORGANIZATION = [*LISTS[2:], *ONE]


@pytest.mark.parametrize("path", ROUTES)
def test_answers_json_with_the_documented_headers(api: Api, path: str) -> None:
    response = api.get(path, auth="jane")

    headers = headers_of(response)
    assert response.status_code == 200
    assert (headers.pop("Link", None) is not None) == (path in LISTS)
    assert headers == {
        "Allow": "GET, HEAD, OPTIONS",
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
        "Content-Language": "en",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Xss-Protection": "1; mode=block",
    }


@pytest.mark.parametrize("path", ROUTES)
def test_needs_a_credential(api: Api, path: str) -> None:
    response = api.get(path, auth=None)

    assert (response.status_code, response.json()) == (401, {"detail": "Authentication credentials were not provided."})
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'


@pytest.mark.parametrize("scope", ["event:read", "event:write", "event:admin"])
@pytest.mark.parametrize("path", ROUTES)
def test_any_scope_of_events_is_enough(api: Api, jane: User, path: str, scope: str) -> None:
    token = "sntryu_" + "d" * 64
    ApiTokenFactory(user=jane, secret=token, scopes=[scope])

    response = api.get(path, headers={"Authorization": bearer(token)})

    assert response.status_code == 200


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_is_to_look_at_only(api: Api, path: str, method: str) -> None:
    response = api.request(method, path, {}, auth="jane")

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ROUTES)
def test_tells_that_the_slash_is_missing(api: Api, path: str) -> None:
    response = api.get(path.rstrip("/"), auth="jane")

    assert response.status_code == 404
    assert response.json() == {"detail": "There is nothing at this address: it lacks the slash at its end."}


@pytest.mark.parametrize(
    "path",
    [
        "nothing/",
        "users/",
        "users/1/",
        "teams/",
        "teams/the-interstellar-jurisdiction/",
        f"{HERE[7:]}/nothing/",
        "projects/the-interstellar-j/",
    ],
)
def test_answers_an_unknown_address_as_ever(api: Api, path: str) -> None:
    response = api.get(f"/api/0/{path}", auth="jane")

    assert (response.status_code, response.json()) == (404, {"detail": "There is nothing at this address."})


@pytest.mark.parametrize("path", ROUTES)
def test_ignores_parameters_that_it_does_not_know(api: Api, path: str) -> None:
    plain = api.get(path, auth="jane")

    response = api.get(
        path,
        auth="jane",
        raw_query="collapse=organization&collapse=x&member=1&owner=1&detailed=0&statsPeriod=%00&id[]=1&query=&cursor=",
    )

    assert (response.status_code, response.json()) == (200, plain.json())


@pytest.mark.parametrize("path", OF_AN_ORGANIZATION)
@pytest.mark.parametrize("auth", ["jane", "sam", "kit", "key"])
def test_an_id_is_as_good_as_a_slug(api: Api, project: Project, other_project: Project, path: str, auth: Who) -> None:
    by_id = path.replace(project.organization.slug, str(project.organization_id)).replace(project.slug, str(project.pk))

    assert by_id != path
    assert api.get(by_id, auth=auth).json() == api.get(path, auth=auth).json()


@pytest.mark.parametrize("path", OF_AN_ORGANIZATION)
def test_a_strangers_organization_is_as_unknown_as_none(api: Api, path: str) -> None:
    strangers = api.get(path, auth="kit")
    nobodys = api.get(path.replace("jurisdiction", "jurisdictions"), auth="kit")

    for response in (strangers, nobodys):
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert headers_of(strangers) == headers_of(nobodys)


# ---------------------------------------------------------------------------------------------------------------------
# Who calls
# ---------------------------------------------------------------------------------------------------------------------


def test_the_root_tells_a_user_what_the_token_is_good_for(api: Api, jane: User) -> None:
    response = api.get("/api/0/", auth="jane")

    assert response.json() == {
        "version": "0",
        "auth": {"scopes": ["event:admin", "event:read", "event:write"]},
        "user": account(jane),
    }


def test_the_root_tells_a_key_the_same_without_a_user(api: Api) -> None:
    response = api.get("/api/0/", auth="key")

    assert response.json() == {
        "version": "0",
        "auth": {"scopes": ["event:admin", "event:read", "event:write"]},
        "user": None,
    }


def test_the_root_tells_the_scopes_of_this_credential(api: Api, sam: User) -> None:
    token = "sntryu_" + "d" * 64
    ApiTokenFactory(user=sam, secret=token, scopes=["event:write", "event:read"])

    response = api.get("/api/0/", headers={"Authorization": bearer(token)})

    assert response.json() == {
        "version": "0",
        "auth": {"scopes": ["event:read", "event:write"]},
        "user": account(sam),
    }


@pytest.mark.parametrize("path", ["/api/0/auth/", "/api/0/users/me/"])
def test_the_calling_user_is_the_tokens(api: Api, jane: User, sam: User, kit: User, path: str) -> None:
    assert api.get(path, auth="jane").json() == account(jane)
    assert api.get(path, auth="sam").json() == account(sam)
    assert api.get(path, auth="kit").json() == account(kit)


@pytest.mark.parametrize("path", ["/api/0/auth/", "/api/0/users/me/"])
def test_a_key_is_nobody_in_particular(api: Api, path: str) -> None:
    response = api.get(path, auth="key")

    assert (response.status_code, response.json()) == (404, NOBODY)


@pytest.mark.parametrize("who", ["jane", "key"])
def test_all_data_is_in_one_region_which_is_here(api: Api, who: Who) -> None:
    response = api.get("/api/0/users/me/regions/", auth=who)

    assert (response.status_code, response.json()) == (200, {"regions": [{"name": "default", "url": BASE}]})


@pytest.mark.parametrize("path", ["/api/0/auth/", "/api/0/users/me/"])
def test_the_calling_user_may_be_a_session_without_name_or_address(api: Api, path: str) -> None:
    admin = UserFactory(username="admin", email="", superuser=True)
    api.client.force_login(admin)
    admin.last_login = NOW
    admin.save()

    response = api.get(path, auth=None)

    assert response.json() == account(
        admin, name="admin", email="", isStaff=True, isSuperuser=True, lastLogin="2026-03-01T12:00:00Z"
    )


# ---------------------------------------------------------------------------------------------------------------------
# Lists of any length
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(organization: Organization, team: Team, jane: User) -> None:
    """More of everything than a page holds; jane is in all of it."""
    for _ in range(3):
        OrganizationMemberFactory(user=jane)
        member = OrganizationMemberFactory(organization=organization)
        mine = TeamFactory(organization=organization, members=[jane, member.user])
        ProjectFactory(teams=[team, mine])


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("path", LISTS)
def test_a_walk_over_the_pages_shows_what_one_page_shows(api: Api, path: str) -> None:
    everything = api.get(path, auth="jane").json()

    response = api.get(path, auth="jane", raw_query="per_page=2&query=&cursor=")
    items = response.json()
    while links_of(response)["next"] == "true":
        address = urlsplit(links_of(response)["next_url"])
        assert address.path == path
        response = api.get(path, auth="jane", raw_query=address.query)
        assert 1 <= len(response.json()) <= 2
        items += response.json()

    assert len(everything) in (4, 5)
    assert items == everything
    assert links_of(response)["previous"] == "true"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("per_page=0", {"per_page": ['"0" is no page size; say a whole number from 1 to 100.']}),
        ("per_page=all", {"per_page": ['"all" is no page size; say a whole number from 1 to 100.']}),
        ("cursor=x", {"cursor": ['"x" is no cursor; take one from the Link header of an answer.']}),
    ],
)
def test_refuses_a_wrong_page(api: Api, path: str, query: str, errors: Json) -> None:
    response = api.get(path, auth="jane", raw_query=query)

    assert (response.status_code, response.json()) == (400, errors)


@pytest.mark.parametrize("path", LISTS)
def test_limit_is_no_word_for_the_size_of_these_pages(api: Api, path: str) -> None:
    assert api.get(path, auth="jane", raw_query="limit=0").json() == api.get(path, auth="jane").json()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("auth", ["jane", "key"])
def test_the_number_of_statements_does_not_grow_with_the_list(
    api: Api, request: pytest.FixtureRequest, path: str, auth: Who
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        short = api.get(path, auth=auth).json()
    request.getfixturevalue("many")

    with CaptureQueriesContext(connection) as many:
        long = api.get(path, auth=auth).json()

    assert len(long) > len(short) or (path, auth) == ("/api/0/organizations/", "key")
    assert len(many) == len(few) == STATEMENTS[path]


def test_dates_are_those_of_the_rows(api: Api, organization: Organization, sam: User) -> None:
    """In UTC and with a Z, fractions too; clients refuse +00:00."""
    Organization.objects.update(created_at=NOW.replace(microsecond=120))
    OrganizationMember.objects.update(created_at=NOW)

    (item,) = api.get("/api/0/organizations/", auth="sam").json()
    members = api.get(f"{HERE}/members/", auth="sam").json()

    assert item["dateCreated"] == "2026-03-01T12:00:00.000120Z"
    assert {member["dateCreated"] for member in members} == {"2026-03-01T12:00:00Z"}
