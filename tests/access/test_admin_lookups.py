"""The admin finds nothing by a secret: staff who may only look could else read a password's hash letter by letter."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from projects.admin import LargeTableAdmin
from projects.models import ApiKey, ApiToken, User
from projects.secret_columns import SECRET_COLUMNS
from tests.access import world
from tests.access.world import Realm
from tests.factories import ApiKeyFactory, ApiTokenFactory

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Every lookup that tells something of a text.
LOOKUPS = [
    *("", "__exact", "__iexact", "__startswith", "__istartswith", "__endswith", "__contains", "__icontains"),
    *("__regex", "__iregex", "__gt", "__gte", "__lt", "__lte", "__in", "__range", "__isnull", "__ne", "__len"),
]
# What an answer has of chance and time.
CHANCE = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|[0-9.]+ ?(?:seconds|ms)|\d+:\d\d(?::\d\d)?')
HASHES = {
    "before": {User: "pbkdf2_sha256$1000000$aaaa$before", ApiKey: "a" * 64, ApiToken: "b" * 64},
    "after": {User: "argon2$v=19$m=102400$zzzz$after", ApiKey: "8" * 64, ApiToken: "9" * 64},
}
# Whole: a search that looks at one, in whatever way, finds it before and not afterwards.
GUESSES = list(HASHES["before"].values())


def paths(model: type[Model], depth: int, seen: tuple[type[Model], ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the name of every column that a look-up from this model reaches, through relations in both directions."""
    for field in model._meta.get_fields():
        yield field.name, field
        related: Any = field.related_model
        if depth and related is not None and related not in seen:
            yield from ((f"{field.name}__{path}", end) for path, end in paths(related, depth - 1, (*seen, model)))


def is_secret(field: Any) -> bool:
    return f"{field.model._meta.label_lower}.{field.name}" in SECRET_COLUMNS


@pytest.fixture
def ours(db: None) -> Realm:
    realm = world.build("ours")
    ApiKeyFactory(organization=realm.organization)
    ApiTokenFactory(user=realm.owner)
    return realm


@pytest.fixture
def clerk(ours: Realm) -> User:
    """Who may look at most: whoever sees less finds less."""
    return world.user(ours, superuser=True)


def give_hashes(ours: Realm, when: str) -> None:
    """Let the secrets be those of this time; the clerk's own stays, or the session would end."""
    User.objects.filter(pk=ours.owner.pk).update(password=HASHES[when][User])
    ApiKey.objects.update(secret_hash=HASHES[when][ApiKey])
    ApiToken.objects.update(secret_hash=HASHES[when][ApiToken])


def queries(model: type[Model]) -> Iterator[dict[str, str]]:
    """Yield what might tell something of a secret, asked of the page of the list."""
    # Each by what it was before: that is found then, and not afterwards.
    secret = {path: HASHES["before"][field.model] for path, field in paths(model, 3) if is_secret(field)}
    for path, was in secret.items():
        yield {f"{path}__startswith": was[:6]}
    # Which lookups a list takes is decided in one place, which is asked for all of them below.
    for path, was in list(secret.items())[:1]:
        yield from ({f"{path}{lookup}": was} for lookup in LOOKUPS[:2])
    yield {"q": GUESSES[0], "o": "1"}
    for path in list(secret)[:1]:
        yield from ({"_to_field": path}, {"e": path}, {"_facets": path, "all": path})
        yield {"_popup": "1", "_to_field": path}


def lists(clerk: User, model: type[Model]) -> Iterator[tuple[object, int, str]]:
    """Yield each search and each order with the rows that the list then has, which the page shows in their order."""
    model_admin = admin.site._registry[model]

    def rows_of(query: dict[str, str]) -> str:
        request = RequestFactory().get("/", query)
        request.user = clerk
        found = model_admin.get_changelist_instance(request)
        return f"{found.result_count}: {[row.pk for row in found.result_list]}"

    request = RequestFactory().get("/")
    request.user = clerk
    columns = len(model_admin.get_list_display(request))
    # One more than there are: whatever is asked beyond its columns is left out alike.
    orders = [{"o": f"{place}"} for place in range(1, columns + 2)]
    secret = [path for path, field in paths(model, 3) if is_secret(field)]
    searches = [{name: path} for path in secret[:1] for name in ("o", "q")] + [{"q": guess} for guess in GUESSES]
    yield from ((tuple(query.items()), 200, rows_of(query)) for query in (*orders, *searches))


def answers(browser: Client, clerk: User, model: type[Model]) -> Iterator[tuple[object, int, str]]:
    """Yield each question with its answer."""
    yield from lists(clerk, model)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    pages: list[tuple[str, dict[str, str]]] = [(reverse(f"{name}_changelist"), query) for query in queries(model)]
    for row in model._default_manager.order_by("pk")[:1]:  # the owner's, whose secrets change
        pages += [(reverse(f"{name}_{page}", args=[row.pk]), {}) for page in ("change", "history", "delete")]
        pages += [(reverse(f"{name}_change", args=[row.pk]), {"_to_field": "password", "_popup": "1"})]
    pages += [
        (
            "/admin/autocomplete/",
            {
                "app_label": model._meta.app_label,
                "model_name": str(model._meta.model_name),
                "field_name": field.name,
                "term": guess,
            },
        )
        for field in model._meta.get_fields()
        if field.is_relation
        for guess in GUESSES
    ]
    yield from ask(browser, pages)


def ask(browser: Client, pages: list[tuple[str, dict[str, str]]]) -> Iterator[tuple[object, int, str]]:
    for page, query in pages:
        answer = browser.get(page, query)
        yield (page, tuple(query.items())), answer.status_code, CHANCE.sub("", answer.text)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.model_name)
def test_no_answer_differs_by_a_secret(ours: Realm, clerk: User, model: type[Model]) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(clerk)

    give_hashes(ours, "before")
    before = list(answers(browser, clerk, model))
    give_hashes(ours, "after")
    after = list(answers(browser, clerk, model))

    assert [question for (question, *answer), (_, *later) in zip(before, after, strict=True) if answer != later] == []
    assert {status for _, status, _ in before} <= {200, 302, 400, 403, 404}
    assert 200 in {status for _, status, _ in before}
    for secret in [*HASHES["before"].values(), *HASHES["after"].values()]:
        # In the box of the search, and in the links that keep the search, stands what was asked.
        assert [question for question, _, text in before if secret in text and secret not in str(question)] == []


def test_no_answer_of_the_search_differs_by_a_secret(ours: Realm, clerk: User) -> None:
    browser = Client()
    browser.force_login(clerk)
    pages = [("/admin/search/", {"s": guess, "extended": "1"}) for guess in GUESSES]
    give_hashes(ours, "before")
    before = list(ask(browser, pages))
    give_hashes(ours, "after")

    assert list(ask(browser, pages)) == before
    assert {status for _, status, _ in before} == {200}


def test_another_column_does_make_answers_differ(ours: Realm, clerk: User) -> None:
    """Else the test above would compare nothing."""
    browser = Client()
    browser.force_login(clerk)
    pages = [(reverse("admin:projects_user_changelist"), {"q": guess}) for guess in GUESSES]
    before = list(ask(browser, pages))
    User.objects.filter(pk=ours.owner.pk).update(name=GUESSES[0])

    assert before != list(ask(browser, pages))


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.model_name)
def test_finds_by_what_a_filter_or_a_link_asks_and_by_nothing_else(
    model: type[Model], rf: RequestFactory, clerk: User
) -> None:
    request = rf.get("/")
    request.user = clerk
    model_admin = admin.site._registry[model]
    walked = [f"{path}{lookup}" for path, _ in paths(model, 3) for lookup in LOOKUPS]

    allowed = {lookup for lookup in walked if model_admin.lookup_allowed(lookup, "a", request)}

    assert len(walked) > 1000
    assert not [path for path, field in paths(model, 3) if is_secret(field) and path in str(allowed)]
    filters = [name for name in model_admin.get_list_filter(request) if isinstance(name, str)]
    offered = {f"{name}{lookup}" for name in filters for lookup in ("__exact", "__isnull")}
    # What the filters of classes are called may be a column's name.
    assert allowed - offered - {"project", "status"} <= {"organization__id__exact"}


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.model_name)
def test_every_list_is_one_of_ours_and_names_no_secret(model: type[Model], rf: RequestFactory, clerk: User) -> None:
    request = rf.get("/")
    request.user = clerk
    model_admin = admin.site._registry[model]
    named: list[Any] = [
        *(model_admin.get_list_display(request), model_admin.get_search_fields(request)),
        *(model_admin.get_list_filter(request), model_admin.get_ordering(request), model_admin.date_hierarchy),
        *(flatten_fieldsets(model_admin.get_fieldsets(request, row)) for row in (None, model())),
        *((inline.fields, inline.ordering) for inline in model_admin.inlines),
    ]

    assert isinstance(model_admin, LargeTableAdmin)
    assert [column for column in SECRET_COLUMNS if column.rpartition(".")[2] in str(named)] == []


def test_knows_every_column_that_holds_a_secret() -> None:
    """By their names: who adds one decides here which it is."""
    telling = re.compile(r"password|secret|hash|token|private|salt")
    names = {
        f"{model._meta.label_lower}.{field.name}"
        for model in admin.site._registry
        for _, field in paths(model, 3)
        if getattr(field, "concrete", False)
        for model in (field.model,)
        if telling.search(field.name)
    }
    no_secrets = {
        "issues.issuehash.hash",  # of an error's text, by which events are grouped
        "issues.issueuser.user_hash",  # keyed by a secret that no page of the admin leads to (ProjectState)
    }

    assert names - no_secrets == SECRET_COLUMNS


def test_says_400_to_who_asks_by_the_hash_of_a_password(ours: Realm, clerk: User) -> None:
    browser = Client()
    browser.force_login(clerk)

    asked = [{"password__startswith": "pbkdf2"}, {"memberships__user__password__startswith": "pbkdf2"}]

    assert [browser.get("/admin/projects/user/", query).status_code for query in asked] == [400, 400]
    assert browser.get("/admin/projects/user/", {"is_staff__exact": "1"}).status_code == 200
    page = reverse("admin:projects_organizationmember_changelist")
    assert browser.get(page, {"organization__id__exact": ours.organization.pk}).status_code == 200
