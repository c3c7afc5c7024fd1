"""A secret is shown once, by what made it, and never again: not in an answer, a log, a page of the admin or a table."""

import ast
import io
import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from projects.models import ApiKey, ApiToken, User
from projects.views import RootViewSet
from tests.access import world
from tests.access.world import Realm
from tests.api_client import basic, bearer

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
OF_CREDENTIALS: list[type[Model]] = [ApiKey, ApiToken]
KEY, TOKEN = re.compile(r"\b[0-9a-f]{32}\b"), re.compile(r"\bsntryu_[0-9a-f]{64}\b")


@pytest.fixture
def ours(db: None) -> Realm:
    realm = world.build("ours")
    realm.owner.is_staff = realm.owner.is_superuser = True
    realm.owner.set_password(PASSWORD)
    realm.owner.save()
    return realm


@pytest.fixture
def browser(ours: Realm) -> Client:
    client = Client()
    client.force_login(ours.owner)
    return client


def printed(command: str, *arguments: str) -> str:
    """Return all that a command prints."""
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=out)
    return out.getvalue()


def added(browser: Client, model: type[ApiKey | ApiToken], **values: str) -> str:
    """Return the page that the admin shows after a credential was added."""
    url = reverse(f"admin:projects_{model._meta.model_name}_add")
    return browser.post(url, {"label": "", "scopes": ["event:read", "event:write"], **values}, follow=True).text


# What makes a credential -> all that it shows
MAKERS: dict[str, Callable[[Realm, Client], str]] = {
    "create_api_key": lambda ours, browser: printed("create_api_key", "--organization", ours.organization.slug),
    "create_token": lambda ours, browser: printed("create_token", "--user", ours.owner.username),
    "a key in the admin": lambda ours, browser: added(browser, ApiKey, organization=str(ours.organization.pk)),
    "a token in the admin": lambda ours, browser: added(browser, ApiToken, user=str(ours.owner.pk)),
    "seed_projects --json": lambda ours, browser: json.dumps(
        json.loads(printed("seed_projects", "--json"))["organizations"][0]["users"][0]
    ),
}


def calls(ours: Realm, secret: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield what the API answers to whoever has the secret, writes it wrongly, or has it no more."""
    issues = f"/api/0/projects/{ours.organization.slug}/{ours.project.slug}/issues/"
    client = Client(raise_request_exception=False)
    right = bearer(secret) if secret.startswith("sntryu_") else basic(secret)
    wrong = [bearer(f"{secret}x"), basic(secret, "password"), f"Basic {secret}", f"Bearer {secret}\u00ff", secret]

    def ask(method: str, path: str, authorization: str) -> str:
        response = client.generic(method, path, b"{", "application/json", headers={"Authorization": authorization})
        return f"{response.status_code} {response.headers} {response.text}"

    methods, paths = ("GET", "PUT", "PATCH"), ("/api/0/", issues, "/api/0/nothing/", "/api/0")
    yield from (ask(method, path, right) for method in methods for path in paths)
    for number, authorization in enumerate(wrong):  # what is refused is refused before that counts: they take turns
        yield from (ask(methods[(number + place) % 3], path, authorization) for place, path in enumerate(paths))
    with monkeypatch.context() as patch:
        patch.setattr(RootViewSet, "retrieve", lambda *args, **kwargs: 1 / 0)
        yield ask("GET", "/api/0/", right)
    for credential in (ApiKey.objects.last(), ApiToken.objects.last()):
        if credential is not None:
            yield printed("list_credentials")
            yield printed("revoke_credential", str(credential).split()[0])
    yield ask("GET", "/api/0/", right)


def pages(browser: Client, models: Collection[type[Model]] = admin.site._registry) -> Iterator[str]:
    """Yield every list of the admin, or those of these models, and the page and history of the last row of each."""
    yield browser.get("/admin/settings/").text
    for model in models:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield browser.get(reverse(f"{name}_changelist")).text
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            for page in ("change", "history"):
                yield browser.get(reverse(f"{name}_{page}", args=[row.pk])).text


def tables() -> Iterator[str]:
    """Yield all rows of all tables, as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} AS t")
            yield f"{table}: {cursor.fetchall()}"


@pytest.mark.parametrize("maker", MAKERS)
def test_a_secret_is_shown_once(
    ours: Realm, browser: Client, maker: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    showing = MAKERS[maker](ours, browser)
    found = set(TOKEN.findall(showing)) or set(KEY.findall(showing))
    assert len(found) == 1, showing
    secret = found.pop()

    # What was made in whatever way stands in the same tables: all pages are looked at after what the admin made.
    models: Collection[type[Model]] = admin.site._registry if "in the admin" in maker else OF_CREDENTIALS
    told = [*pages(browser, OF_CREDENTIALS), *tables(), *calls(ours, secret, monkeypatch)]
    told += [*pages(browser, models), *tables()]
    told += [printed("seed_projects"), printed("seed_projects", "--json"), caplog.text]

    assert showing.count(secret) == 1
    for form in (secret, b64encode(f"{secret}:".encode()).decode(), secret.removeprefix("sntryu_")):
        assert [text for text in told if form in text] == []
    assert "ZeroDivisionError" in caplog.text
    assert {text[:3] for text in told} > {"200", "401", "404", "405", "500"}


def test_a_password_is_never_shown(ours: Realm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Client(raise_request_exception=False)
    log_in = {"username": ours.owner.username, "password": PASSWORD}

    told = [browser.post("/admin/login/?next=/admin/", {**log_in, "password": f"{PASSWORD}!"}).text]
    told += [browser.post("/admin/login/?next=/admin/", log_in, follow=True).text]
    session = browser.cookies["sessionid"].value
    told += [*pages(browser), *tables(), caplog.text]

    assert User.objects.get(pk=ours.owner.pk).last_login is not None
    assert [text for text in told if PASSWORD in text] == []
    pages_and_logs = [text for text in told if not text.startswith("django_session: ")]
    assert [text for text in pages_and_logs if session in text] == []


# ---------------------------------------------------------------------------------------------------------------------
# In constant time: an answer tells by its time how much of a guess was right, and no test can tell that by the answer
# ---------------------------------------------------------------------------------------------------------------------

SECRETS = {"secret_hash", "METRICS_TOKEN"}
WHAT_REQUESTS_RUN = sorted(
    path
    for app in ("issues", "issuetracker", "projects")
    for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
    if not {"management", "migrations"}.intersection(path.parts)  # which operators run
)


def compared(path: Path) -> Iterator[str]:
    """Yield the names and attributes that a module compares by == or !=."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare) and any(isinstance(by, ast.Eq | ast.NotEq) for by in node.ops):
            for inner in ast.walk(node):
                match inner:
                    case ast.Attribute(attr=name) | ast.Name(id=name):
                        yield name


def test_is_compared_in_constant_time() -> None:
    assert any(SECRETS.intersection(path.read_text().split()) for path in WHAT_REQUESTS_RUN)
    assert [path.name for path in WHAT_REQUESTS_RUN if SECRETS.intersection(compared(path))] == []
