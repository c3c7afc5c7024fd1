"""The admin's addresses, written by hand by somebody who is logged in: no page is a crash.

By pairs: each list is asked each query, and each query has most words, somewhere; likewise each field that completes.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from issues.models import Issue
from projects.models import User

pytestmark = pytest.mark.django_db

WORDS = ["%00", "%FF", "9" * 30, "9" * 5000, "0" * 5000 + "1", "-1", "'"]
QUERIES = [
    *(f"?{name}={{word}}" for name in ("q", "o", "p", "e", "all", "unknown")),
    *(f"?{name}__exact={{word}}" for name in ("id", "status", "level", "kind", "role", "project", "project__id")),
    "?project={word}",
    "?q={word}&p=1",
    "add/?user={word}&organization={word}&members={word}&_popup={word}",
    "{word}/change/",
    "{word}/history/",
]
ASKED_AT_A_TIME = 1
MODELS = [model for model in admin.site._registry if model._meta.app_label in {"issues", "projects"}]


def some(words: list[str], turn: int) -> Iterator[str]:
    """Yield the words whose turn it is: others at each of as many turns as there are words."""
    yield from (words[(turn + place * len(words) // ASKED_AT_A_TIME) % len(words)] for place in range(ASKED_AT_A_TIME))


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create(username="operator", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_no_address_is_a_crash(operator: Client, issue: Issue, model: type) -> None:
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined] # `_meta`: the stubs lack it

    for number, query in enumerate(QUERIES, MODELS.index(model)):
        for word in some(WORDS, number):
            answer = operator.get(page + query.format(word=word))

            assert answer.status_code in {200, 302, 400, 403, 404}, query.format(word=word[:20])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_no_field_that_is_completed_is_a_crash(operator: Client, issue: Issue, model: Any) -> None:
    """Also those that no form completes, and relations from the other side."""
    fields = [field.name for field in model._meta.get_fields(include_hidden=True)] + ["nothing", "", "%00"]
    asked = f"/admin/autocomplete/?app_label={model._meta.app_label}&model_name={model._meta.model_name}"

    for number, field in enumerate(fields, MODELS.index(model)):
        for word in some([*WORDS, "&page=x", "&page=0", "&page=99999999999999999999"], number):
            answer = operator.get(f"{asked}&field_name={field}&term={word}")

            assert answer.status_code in {200, 400, 403, 404}, (field, word[:20])


def test_completes_only_what_a_form_asks_for(operator: Client, issue: Issue) -> None:
    def asked(model: str, field: str) -> int:
        query = {"app_label": "projects", "model_name": model, "field_name": field, "term": "a"}
        return operator.get("/admin/autocomplete/", query).status_code

    assert asked("apitoken", "user") == 200
    assert [asked(*words) for words in (("user", "teams"), ("release", "organization"), ("user", "nothing"))] == [
        403
    ] * 3
    assert asked("nothing", "user") == 403
