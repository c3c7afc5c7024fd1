"""Who calls: what each credential is taken for, and the 401 of one that is none (contract 1.2)."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from issues.models import Activity, IssueBookmark
from projects.models import ApiToken, Organization, Project, User
from tests.api_client import Api, basic, bearer
from tests.assertions import snapshot
from tests.factories import LONG_AGO, ApiKeyFactory, ApiTokenFactory, IssueFactory

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "sntryu_" + "0123456789abcdef" * 4

NOT_PROVIDED = "Authentication credentials were not provided."
OTHER_SCHEME = (
    'Authorization is "Basic" with an organization\'s API key as user name and no password, or "Bearer" with a user\'s '
    "token; this is neither."
)
BAD_KEY = "API key is not valid"
DISABLED = "Key is disabled"
BAD_TOKEN = "Invalid token"
EXPIRED = "Token expired"
INACTIVE = "User inactive or deleted"


def raw_basic(credentials: bytes) -> str:
    return "Basic " + b64encode(credentials).decode()


# ---------------------------------------------------------------------------------------------------------------------
# Refused
# ---------------------------------------------------------------------------------------------------------------------

REFUSED = {
    "no header": (None, NOT_PROVIDED),
    "empty header": ("", NOT_PROVIDED),
    "another scheme": (f"Digest {KEY}", OTHER_SCHEME),
    "a token as Token": (f"Token {TOKEN}", OTHER_SCHEME),
    "a key without scheme": (KEY, OTHER_SCHEME),
    "an unknown key": (basic("f" * 32), BAD_KEY),
    "a key in capitals": (basic(KEY.upper()), BAD_KEY),
    "a key with a blank": (basic(f"{KEY} "), BAD_KEY),
    "a key with a password": (basic(KEY, "secret"), BAD_KEY),
    "a key as its own password": (basic(KEY, KEY), BAD_KEY),
    "a key in the place of the password": (basic("", KEY), BAD_KEY),
    "a token as Basic": (basic(TOKEN), BAD_KEY),
    "Basic and nothing": ("Basic", BAD_KEY),
    "Basic and blanks": ("Basic   ", BAD_KEY),
    "Basic and an empty name": (basic(""), BAD_KEY),
    "Basic and no base64": (f"Basic {KEY}:", BAD_KEY),
    "Basic and broken base64": ("Basic YQ", BAD_KEY),
    "Basic and no UTF-8": (raw_basic(b"\xff\xfe:"), BAD_KEY),
    "Basic and NUL": (raw_basic(b"\x00:"), BAD_KEY),
    "an unknown token": (bearer("sntryu_" + "f" * 64), BAD_TOKEN),
    "a token in capitals": (bearer(TOKEN.upper()), BAD_TOKEN),
    "a token without its prefix": (bearer(TOKEN.removeprefix("sntryu_")), BAD_TOKEN),
    "a token and a word": (bearer(f"{TOKEN} {TOKEN}"), BAD_TOKEN),
    "a key as Bearer": (bearer(KEY), BAD_TOKEN),
    "Bearer and nothing": ("Bearer", BAD_TOKEN),
    "Bearer and no ASCII": ("Bearer \xe4\xf6", BAD_TOKEN),
}


@pytest.mark.parametrize(("authorization", "detail"), REFUSED.values(), ids=REFUSED)
def test_refuses(
    api: Api, project: Project, organization: Organization, jane: User, authorization: str | None, detail: str
) -> None:
    ApiKeyFactory(organization=organization, secret=KEY)
    ApiTokenFactory(user=jane, secret=TOKEN)
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(
        api.issues_url,
        {"status": "resolved"},
        auth=None,
        ids=[issue.pk],
        headers={} if authorization is None else {"Authorization": authorization},
    )

    assert response.status_code == 401
    assert response.json() == {"detail": detail}
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert snapshot() == before


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "POST"])
@pytest.mark.parametrize("name", ["no header", "an unknown key", "an unknown token"])
def test_refuses_every_other_method_too(api: Api, project: Project, method: str, name: str) -> None:
    authorization, detail = REFUSED[name]
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.request(
        method,
        api.issues_url,
        auth=None,
        ids=[issue.pk],
        headers={} if authorization is None else {"Authorization": authorization},
    )

    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert snapshot() == before


def test_refuses_a_disabled_key(api: Api, project: Project, organization: Organization) -> None:
    ApiKeyFactory(organization=organization, secret=KEY, disabled=True)
    issue = IssueFactory(project=project)
    before = snapshot()

    refused = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"Authorization": basic(KEY)})
    with_password = api.put(
        api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"Authorization": basic(KEY, "secret")}
    )

    assert (refused.status_code, refused.json()) == (401, {"detail": DISABLED})
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert (with_password.status_code, with_password.json()) == (401, {"detail": BAD_KEY})
    assert snapshot() == before


def test_refuses_a_token_from_the_moment_it_expires(api: Api, project: Project, jane: User) -> None:
    token = ApiTokenFactory(user=jane, secret=TOKEN, expires_at=timezone.now() + timedelta(hours=1))
    headers = {"Authorization": bearer(TOKEN)}
    issue = IssueFactory(project=project)

    in_time = api.put(api.issues_url, {}, ids=[issue.pk], headers=headers)
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    before = snapshot()
    too_late = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers=headers)

    assert (in_time.status_code, in_time.json()) == (200, {})
    assert (too_late.status_code, too_late.json()) == (401, {"detail": EXPIRED})
    assert too_late.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert snapshot() == before


@pytest.mark.parametrize(
    ("expires_at", "detail"),
    [pytest.param(None, INACTIVE, id="valid token"), pytest.param(LONG_AGO, EXPIRED, id="expired token")],
)
def test_refuses_an_inactive_user(api: Api, project: Project, jane: User, expires_at: object, detail: str) -> None:
    ApiTokenFactory(user=jane, secret=TOKEN, expires_at=expires_at)
    User.objects.filter(pk=jane.pk).update(is_active=False)
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"Authorization": bearer(TOKEN)})

    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Taken
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(basic(KEY), id="as documented"),
        pytest.param(basic(KEY).replace("Basic", "basic"), id="small letters"),
        pytest.param(basic(KEY).replace("Basic ", "BASIC   "), id="capitals and blanks"),
    ],
)
def test_takes_a_key_for_the_organization(
    api: Api, project: Project, organization: Organization, authorization: str
) -> None:
    ApiKeyFactory(organization=organization, secret=KEY)
    issue = IssueFactory(project=project)

    response = api.put(
        api.issues_url,
        {"status": "resolved", "isBookmarked": True},
        ids=[issue.pk],
        headers={"Authorization": authorization},
    )

    assert response.status_code == 200
    assert list(Activity.objects.values_list("user_id", flat=True)) == [None]
    assert list(IssueBookmark.objects.all()) == []


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(bearer(TOKEN), id="as documented"),
        pytest.param(f"bearer {TOKEN}", id="small letters"),
        pytest.param(f"BEARER   {TOKEN}", id="capitals and blanks"),
    ],
)
def test_takes_a_token_for_its_user(api: Api, project: Project, sam: User, authorization: str) -> None:
    ApiTokenFactory(user=sam, secret=TOKEN)
    issue = IssueFactory(project=project)

    response = api.put(
        api.issues_url,
        {"status": "resolved", "isBookmarked": True},
        ids=[issue.pk],
        headers={"Authorization": authorization},
    )

    assert response.status_code == 200
    assert list(Activity.objects.values_list("user_id", flat=True)) == [sam.pk]
    assert list(IssueBookmark.objects.values_list("user_id", flat=True)) == [sam.pk]


# ---------------------------------------------------------------------------------------------------------------------
# A session
# ---------------------------------------------------------------------------------------------------------------------

CSRF_TOKEN = "a" * 32


@pytest.fixture
def browser(api: Api) -> Api:
    """Somebody's browser, with CSRF enforced as in production."""
    return replace(api, client=Client(enforce_csrf_checks=True))


def test_takes_a_session_with_a_csrf_token_for_its_user(browser: Api, project: Project, sam: User) -> None:
    browser.client.force_login(sam)
    browser.client.cookies["csrftoken"] = CSRF_TOKEN
    issue = IssueFactory(project=project)

    response = browser.put(
        browser.issues_url,
        {"status": "resolved", "isBookmarked": True},
        auth=None,
        ids=[issue.pk],
        headers={"X-CSRFToken": CSRF_TOKEN},
    )

    assert (response.status_code, response.json()) == (
        200,
        {"status": "resolved", "isBookmarked": True, "statusDetails": {}},
    )
    assert list(Activity.objects.values_list("user_id", flat=True)) == [sam.pk]
    assert list(IssueBookmark.objects.values_list("user_id", flat=True)) == [sam.pk]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("cookie", "header", "detail"),
    [
        pytest.param(None, None, "CSRF Failed: CSRF cookie not set.", id="no cookie"),
        pytest.param(None, CSRF_TOKEN, "CSRF Failed: CSRF cookie not set.", id="header without cookie"),
        pytest.param(CSRF_TOKEN, None, "CSRF Failed: CSRF token missing.", id="cookie without header"),
        pytest.param(
            CSRF_TOKEN,
            "b" * 32,
            "CSRF Failed: CSRF token from the 'X-Csrftoken' HTTP header incorrect.",
            id="another token",
        ),
    ],
)
def test_refuses_a_session_without_its_csrf_token(
    browser: Api, project: Project, jane: User, method: str, cookie: str | None, header: str | None, detail: str
) -> None:
    browser.client.force_login(jane)
    if cookie is not None:
        browser.client.cookies["csrftoken"] = cookie
    issue = IssueFactory(project=project)
    before = snapshot()

    response = browser.request(
        method,
        browser.issues_url,
        {"status": "resolved"},
        auth=None,
        ids=[issue.pk],
        headers={} if header is None else {"X-CSRFToken": header},
    )

    assert (response.status_code, response.json()) == (403, {"detail": detail})
    assert snapshot() == before


def test_lets_a_session_read_without_csrf_token(browser: Api, jane: User) -> None:
    browser.client.force_login(jane)

    response = browser.get(browser.issues_url, auth=None)

    assert (response.status_code, response.json()) == (200, [])


def test_needs_no_csrf_token_with_a_header(browser: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = browser.put(browser.issues_url, {}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {})


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [pytest.param(basic("f" * 32), BAD_KEY, id="key"), pytest.param(bearer(TOKEN), BAD_TOKEN, id="token")],
)
def test_does_not_fall_back_from_a_bad_header_to_a_session(
    browser: Api, jane: User, authorization: str, detail: str
) -> None:
    browser.client.force_login(jane)

    response = browser.get(browser.issues_url, auth=None, headers={"Authorization": authorization})

    assert (response.status_code, response.json()) == (401, {"detail": detail})


def test_takes_a_session_of_an_inactive_user_for_nobody(browser: Api, jane: User) -> None:
    browser.client.force_login(jane)
    User.objects.filter(pk=jane.pk).update(is_active=False)

    response = browser.get(browser.issues_url, auth=None)

    assert (response.status_code, response.json()) == (401, {"detail": NOT_PROVIDED})


def test_takes_a_session_that_ended_for_nobody(browser: Api, jane: User) -> None:
    browser.client.force_login(jane)
    browser.client.logout()

    response = browser.get(browser.issues_url, auth=None)

    assert (response.status_code, response.json()) == (401, {"detail": NOT_PROVIDED})
