"""A member at the desk and in the settings finds nothing that isn't theirs: no page names it, none differs by it.

Every page is walked, read from the resolver; one that is added is walked, too. Who may not find the same thing takes
turns with the other role: each question is asked by one of them, its neighbours by the other.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from events.models import Event
from issues.models import Issue
from projects.models import ApiKey, ApiToken, ClientKey, Deploy, Project, Release, Role, User
from tests.access import world
from tests.access.world import Realm
from tests.factories import ApiKeyFactory, ApiTokenFactory
from tests.routes import parts_of, path_of, routes

pytestmark = pytest.mark.django_db

# What an answer has of chance, and of the address that was asked.
CHANCE = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"|[0-9.]+ ?(?:seconds|ms)')
IDS = 770_000_000  # of a stranger's rows: a number that stands for nothing else on a page

# What a form may be filled with by its address, and which of a stranger's rows that is.
RELATED = {"organization": 0, "user": 1, "members": 1, "teams": 2, "project": 3, "release": 4}


@dataclass(frozen=True, slots=True)
class Scene:
    """``foreign`` is what may not be found: rows, the words that name them, and what a field of a form could name.

    ``turn`` is 0 or 1: which of two things in a row this role is asked, where the roles take turns.
    """

    browser: Client
    foreign: Realm
    rows: list[Model]
    words: tuple[str, ...]
    named: dict[str, int]
    turn: int

    def named_in(self, text: str) -> list[str]:
        """Return which of the words and ids stand on a page."""
        ids = "|".join(str(row.pk) for row in self.rows if row.pk >= IDS)
        return [*(word for word in self.words if word in text), *re.findall(rf"\b(?:{ids})\b", text)]


def rows_of(realm: Realm) -> list[Model]:
    """Return all that is of a project."""
    return [
        *(realm.project, realm.issue, realm.note, realm.mutation, realm.release, realm.client_key),
        *Deploy.objects.filter(release=realm.release),
    ]


def words_of(realm: Realm) -> tuple[str, ...]:
    return (
        *(realm.project.slug, realm.project.slug.upper(), realm.release.version, realm.client_key.key),
        *(str(Issue.objects.select_related("text").get(pk=realm.issue.pk).text.title), realm.words["share_id"]),
    )


def scene_of(role: Role, *, stranger: bool) -> Scene:
    """Return what somebody of this role sees, who is on one team of an organization that is closed.

    What they may not find is another organization's, or of a project of their own one.
    """
    ours = world.build("ours")
    type(ours.organization)._default_manager.update(open_membership=False)
    person = world.user(ours, role, is_on_team=True, username="sam", is_staff=True)
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    turn = 0 if role == Role.MEMBER else 1
    if not stranger:
        hidden = world.build("hidden", organization=ours.organization, ids=IDS)
        type(hidden.issue.text)._default_manager.filter(issue=hidden.issue).update(title="Valve of the hidden one")
        return Scene(browser, hidden, rows_of(hidden), words_of(hidden), {"project": hidden.project.pk}, turn)
    theirs = world.build("theirs", ids=IDS)
    type(theirs.issue.text)._default_manager.filter(issue=theirs.issue).update(title="Valve of the others")
    key = ApiKeyFactory(pk=IDS + 20, organization=theirs.organization, label="theirs-label")
    token = ApiTokenFactory(pk=IDS + 21, user=theirs.owner, label="theirs-token")
    rows = [*rows_of(theirs), theirs.organization, theirs.team, theirs.owner, key, token]
    rows += theirs.organization.memberships.all()
    people = (theirs.organization.slug, theirs.team.slug, theirs.owner.username, theirs.owner.email)
    named = {"organization": theirs.organization.pk, "project": theirs.project.pk, "user": theirs.owner.pk}
    named |= {"teams": theirs.team.pk, "members": theirs.owner.pk}
    return Scene(browser, theirs, rows, (*words_of(theirs), *people, key.label, token.label), named, turn)


SCENES = {
    "member, another organization": partial(scene_of, Role.MEMBER, stranger=True),
    "owner, another organization": partial(scene_of, Role.OWNER, stranger=True),
    "member, another team's project": partial(scene_of, Role.MEMBER, stranger=False),
    "admin, another team's project": partial(scene_of, Role.ADMIN, stranger=False),
}


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest, db: None) -> Scene:
    return SCENES[request.param]()


def pages() -> Iterator[str]:
    """Yield every address of the admin that names no row."""
    for route, _ in routes():
        if route.startswith("admin/") and not parts_of(route) and "(?P" not in route and route != "admin/logout/":
            yield f"/{route}"


def telling(model: Any, guesses: list[str]) -> Iterator[str]:
    """Yield the guesses by which a table has a row for somebody who sees everything, and one by which it has none."""
    request = RequestFactory().get("/")
    model_admin, rows = admin.site._registry[model], model._default_manager.all()
    yield from (guess for guess in guesses if model_admin.get_search_results(request, rows, guess)[0].exists())
    yield "nothing"


def asked(words: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what each list, each search and each field that completes can be asked that could tell something."""
    guesses = [*words, words[0][:5], words[0][:5].upper(), str(IDS + 3)]
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield from ((reverse(f"{name}_changelist"), {"q": guess}) for guess in telling(model, guesses))
        # What no list takes is a 400, whatever there is: test_admin_lookups.py.
        for lookup in ("organization__id__exact", "project", "status", "is_active__exact", "role__exact"):
            if model_admin.lookup_allowed(lookup, str(IDS)):
                yield reverse(f"{name}_changelist"), {lookup: str(IDS)}
        for field in getattr(model_admin, "autocomplete_fields", ()):
            where = {"app_label": model._meta.app_label, "model_name": str(model._meta.model_name), "field_name": field}
            terms = ["", *telling(model._meta.get_field(field).related_model, guesses)]
            yield from (("/admin/autocomplete/", {**where, "term": term}) for term in terms)
        yield reverse(f"{name}_add"), {related: str(IDS + number) for related, number in RELATED.items()}
    yield from (("/admin/search/", {"s": word, **more}) for word in words for more in ({}, {"extended": "1"}))
    yield from (("/admin/desk/", {"query": word}) for word in (str(IDS + 3), *words))
    project = (str(IDS + 3), words[0])
    yield from (("/admin/desk/", {key: word}) for key in ("project", "environment", "cursor") for word in project)


def seen(browser: Client, path: str, query: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and text of a page, less what was asked."""
    answer = browser.get(path, query or {}, headers={"Accept": "text/html", "X-Request-Id": "1" * 32})
    text = CHANCE.sub("", answer.text)
    for word in (path, *(query or {}).values()):
        for form in (word, quote(word), quote_plus(word), quote(quote(word)), word.lower()):
            text = text.replace(form, "")
    return answer.status_code, text


def test_there_are_pages() -> None:
    assert len(list(pages())) > 30


def test_no_page_names_it(scene: Scene) -> None:
    found = {path: seen(scene.browser, path) for path in pages()}

    assert {path: scene.named_in(text) for path, (_, text) in found.items() if scene.named_in(text)} == {}
    assert [path for path, (status, _) in found.items() if status >= 500] == []
    assert found["/admin/projects/project/"][0] == 200
    assert "ours-project" in found["/admin/projects/project/"][1]


def test_no_question_finds_it(scene: Scene) -> None:
    told = {}
    questions = list(asked(scene.words))
    lists = Counter(path for path, query in questions if "q" in query)
    assert len(lists) == len(admin.site._registry)
    assert lists["/admin/projects/project/"] > 2  # by what is there, and by nothing
    for path, query in questions[scene.turn :: 2]:
        status, text = seen(scene.browser, path, query)
        if status >= 500 or scene.named_in(text):
            told[path, str(query)] = (status, scene.named_in(text))
    assert told == {}


def test_its_own_pages_are_those_of_nothing(scene: Scene) -> None:
    """Each page of each row is answered as that of a row that was never there, to GET and to POST."""
    of_nothing: dict[str, list[tuple[int, str]]] = {}

    def got_and_posted(address: str) -> list[tuple[int, str]]:
        got = seen(scene.browser, address)
        answer = scene.browser.post(address, {"post": "yes", "name": "x"})
        return [got, (answer.status_code, CHANCE.sub("", answer.text))]

    for row in scene.rows:
        if type(row) not in admin.site._registry:
            continue
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for page in ("change", "delete", "history"):
            path, nothing = (reverse(f"{name}_{page}", args=[pk]) for pk in (row.pk, IDS + 99))
            if nothing not in of_nothing:
                of_nothing[nothing] = got_and_posted(nothing)
            assert got_and_posted(path) == of_nothing[nothing], path
            assert {status for status, _ in of_nothing[nothing]} <= {403, 404}, path
        row.refresh_from_db()


def test_no_other_address_opens_it(scene: Scene) -> None:
    """Those of the desk, and whatever else names a row in its own words."""
    nothing = dict.fromkeys(scene.foreign.words, str(IDS + 99))
    ways = (scene.foreign.words, {"issue": scene.foreign.issue.short_id, "mutation": str(IDS + 8)})
    open_routes = [r for r, _ in routes() if r.startswith("admin/") and parts_of(r) and "(?P" not in r]
    for number, route in enumerate(open_routes):
        path = path_of(route, {**nothing, **ways[(number + scene.turn) % 2]})
        status, text = seen(scene.browser, path)
        assert status < 500, path
        assert scene.named_in(text) == [], path


def test_no_action_reaches_it(scene: Scene) -> None:
    kept = {model: list(model._default_manager.order_by("pk").values()) for model in admin.site._registry}

    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        ids = [str(row.pk) for row in scene.rows if isinstance(row, model)]
        asked: dict[str, Any] = {"action": "delete_selected", "_selected_action": ids, "post": "yes"}
        assert scene.browser.post(path, asked).status_code < 500
        scene.browser.post(path, {**asked, "select_across": "1", "index": "0", "_selected_action": ids[:1]})

    assert {
        model: [row for row in model._default_manager.order_by("pk").values() if row not in rows]
        for model, rows in kept.items()
        if model in {Project, Release, ClientKey, ApiKey, ApiToken, User, Event, Issue}
    } == {model: [] for model in kept if model in {Project, Release, ClientKey, ApiKey, ApiToken, User, Event, Issue}}
    for row in scene.rows:
        row.refresh_from_db()


def test_no_form_takes_it(scene: Scene) -> None:
    """A form that names a row of somebody else's says what it says of one that isn't there."""
    rest = {"slug": "new", "name": "New", "role": "member", "scopes": ["event:read"], "label": "x"}
    tried = 0
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        form = seen(scene.browser, path)[1]
        for field, pk in scene.named.items():
            if f'name="{field}"' not in form:
                continue
            answers = {}
            for said in (pk, IDS + 99):
                answer = scene.browser.post(path, {**rest, field: str(said)})
                assert answer.status_code == 200, path
                answers[said] = CHANCE.sub("", answer.text).replace(str(said), "")
            assert len(set(answers.values())) == 1, path
            tried += 1
    assert tried >= 1


def test_shows_no_history_to_a_member() -> None:
    """Not of one's own rows either: it names who changed them, who may be of another organization."""
    ours = world.build("ours")
    browser = Client()
    browser.force_login(world.user(ours, Role.OWNER, is_staff=True))

    for row in (ours.organization, ours.project, ours.team):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        assert browser.get(reverse(f"{name}_history", args=[row.pk])).status_code == 404
        assert "/history/" not in browser.get(reverse(f"{name}_change", args=[row.pk])).text
