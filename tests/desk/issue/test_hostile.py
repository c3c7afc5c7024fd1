"""Events come from the internet: whatever stands in one, its page shows it as text, and comes in time."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from projects.models import Project
from tests.desk.issue.events import failing, frame, thrown
from tests.desk.issue.opening import came, opened
from tests.events.meaning.asking import read_event

pytestmark = pytest.mark.django_db

MARKUP = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)><a href=javascript:alert(3)>x</a>"
    "{{ 7|add:7 }}{% now 'Y' %}"
)
ADDRESS = "javascript:alert(document.cookie)"
TURNED = "photo_\u202egpj.exe"


def everywhere(text: str) -> dict[str, Any]:
    """Return an event that has a text wherever one can stand."""
    place = frame(text, pre_context=[text], post_context=[text], vars={text: text, "nested": {text: [text]}})
    place |= dict.fromkeys(("module", "filename", "abs_path", "context_line", "package"), text)
    return failing(
        thrown(text, place, value=text, module=text, mechanism={"type": text, "source": text, "parent_id": text}),
        thrown(text, place, frame(text, own=False), frame(text, own=False), value=text),
        **dict.fromkeys(("logger", "environment", "release", "server_name", "dist", "transaction", "culprit"), text),
        level=text,
        logentry={"message": f"{text} %s", "params": [text]},
        tags={"shop": text},
        user={"id": text, "email": text, text: text},
        request={
            **dict.fromkeys(("method", "url", "query_string", "fragment"), text),
            **{"data": {text: text}, "headers": [[text, text]], "cookies": {text: text}, "env": {text: text}},
        },
        breadcrumbs=[
            {**dict.fromkeys(("type", "category", "level", "message", "timestamp"), text), "data": {text: text}},
            {"category": "xhr", "data": {"url": text, "method": text, "status_code": text}},
        ],
        contexts={text: {text: text, "type": text}, "os": {"name": text, "version": text}},
        extra={text: {text: text}},
        sdk={"name": text, "version": text, "packages": [{"name": text, "version": text}]},
        modules={text: text},
        threads={"values": [{"id": text, "name": text, "stacktrace": {"frames": [place]}}]},
        **{text: text},
    )


class Markup(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name, value or "") for name, value in attrs}


def page_of(client: Client, project: Project, event: dict[str, Any], name: str = "pump") -> str:
    issue, _ = came(project, event, name)
    return str(opened(client, issue).content.decode())


def test_markup_stays_text(as_jane: Client, project: Project) -> None:
    plain, hostile = (Markup(page_of(as_jane, project, everywhere(text), text[:4])) for text in ("pump", MARKUP))

    assert hostile.tags == plain.tags
    assert {attribute for attribute in hostile.attributes if attribute[1].startswith("on")} == set()
    assert {(tag, name) for tag, name, _ in hostile.attributes} == {(tag, name) for tag, name, _ in plain.attributes}


def test_what_looks_like_a_template_is_none(as_jane: Client, project: Project) -> None:
    page = page_of(as_jane, project, everywhere("{{ 7|add:7 }}"))

    assert "{{ 7|add:7 }}" in page


@pytest.mark.parametrize(
    "address", [ADDRESS, "https://elsewhere.example.com/", "//elsewhere.example.com", "data:text/html,x"]
)
def test_no_address_of_an_event_is_a_link(as_jane: Client, project: Project, address: str) -> None:
    links = {
        value
        for tag, name, value in Markup(page_of(as_jane, project, everywhere(address))).attributes
        if name in {"href", "src", "action", "formaction", "data", "xlink:href"}
    }

    assert links
    assert [link for link in links if not link.startswith(("/", "#", "?")) or link.startswith("//")] == []


def test_nothing_turns_what_stands_beside_it_around(as_jane: Client, project: Project) -> None:
    page = page_of(as_jane, project, everywhere(TURNED))

    assert re.findall("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", page) == []
    assert "photo_[U+202E]gpj.exe" in page


def test_control_characters_are_shown(as_jane: Client, project: Project) -> None:
    page = page_of(as_jane, project, everywhere("a\x1b[31mred\x07\x00"))

    assert re.findall("[\x00-\x08\x0b-\x1f\x7f]", page) == []
    assert "a␛[31mred␇" in page


def test_the_culprit_and_title_of_the_list_stay_text_too(as_jane: Client, project: Project) -> None:
    issue, _ = came(project, everywhere(MARKUP))
    issue.text.title = issue.text.culprit = f"{MARKUP}{TURNED}"
    issue.text.save(update_fields=["title", "culprit"])

    page = opened(as_jane, issue).content.decode()

    assert "<script>alert" not in page
    assert "\u202e" not in page


ODD: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "x", [], {}, [[]], [{}], {"values": [None, {}, 7]}, [["a", 1]]]


@pytest.mark.parametrize("value", ODD, ids=lambda value: json.dumps(value)[:20])
def test_whatever_is_of_a_wrong_kind_there_is_a_page(as_jane: Client, project: Project, value: Any) -> None:
    keys = set(everywhere("a")) - {"a"}
    odd_frame = dict.fromkeys((*frame("f"), "vars", "platform"), value)
    event = dict.fromkeys(keys, value) | {
        "exception": {"values": [thrown("E", odd_frame, value="v", mechanism={"parent_id": value, "source": value})]},
        "breadcrumbs": [dict.fromkeys(("timestamp", "type", "category", "level", "message", "data"), value)],
        "request": dict.fromkeys(("method", "url", "query_string", "data", "headers", "cookies", "env"), value),
        "contexts": {"a": value, "os": {"name": value}},
        "sdk": {"name": value, "packages": [value, {"name": value, "version": value}]},
    }

    assert "Stack trace" in page_of(as_jane, project, event)


def test_a_huge_event_has_a_page_that_is_not_much_larger(as_jane: Client, project: Project) -> None:
    frames = [frame(f"f{n}", vars={f"v{m}": "x" * 300 for m in range(20)}) for n in range(100)]
    event = failing(*[thrown("E", *frames, value="y" * 9_000) for _ in range(12)], extra={"big": "z" * 900_000})
    kept = len(read_event(event).packed)

    page = page_of(as_jane, project, event)

    assert kept > 0
    assert len(page) < 4 * 1024**2


def nested(depth: int, leaves: int) -> list[Any]:
    value: list[Any] = [0] * leaves
    for _ in range(depth):
        value = [value]
    return value


KEPT = 300_000  # bytes of an event, of which a few hundred come over the wire
DEEP: dict[str, dict[str, Any]] = {
    "extra": {"extra": {"a": nested(90, KEPT // 2)}},
    "parameters": {"logentry": {"message": "a %s", "params": nested(90, KEPT // 2)}},
    "body": {"request": {"data": {"a": nested(90, KEPT // 2)}}},
}
MANY: dict[str, dict[str, Any]] = {
    "breadcrumbs": {"breadcrumbs": [{"a": 1}] * (KEPT // 8)},
    "contexts": {"contexts": {f"{number:x}": {"b": 1} for number in range(KEPT // 14)}},
    "threads": {"threads": [{"stacktrace": {"frames": [{}]}}] * (KEPT // 33)},
}


@pytest.mark.parametrize("event", DEEP.values(), ids=DEEP)
def test_the_page_of_what_is_nested_deep_is_not_much_larger(
    as_jane: Client, project: Project, event: dict[str, Any]
) -> None:
    assert len(page_of(as_jane, project, event)) < 2 * KEPT


@pytest.mark.parametrize("event", MANY.values(), ids=MANY)
def test_the_page_of_many_tiny_parts_has_some_of_them(as_jane: Client, project: Project, event: dict[str, Any]) -> None:
    page = page_of(as_jane, project, event)

    assert len(page) < KEPT
    assert "in the JSON of the event" in page
