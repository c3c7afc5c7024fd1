"""What an event tells besides where it happened; whatever somebody sent."""

import json
from typing import Any

import pytest

from desk.issue.particulars import (
    MOST_BREADCRUMBS,
    MOST_CONTEXTS,
    MOST_ROWS,
    NEWEST_BREADCRUMBS,
    Particulars,
    Table,
    particulars_of,
    table,
)
from tests.desk.issue.events import shown_of


def particulars(**event: Any) -> Particulars:
    return particulars_of(shown_of(event))


def told(found: Table) -> dict[str, str]:
    return {row.name: row.value.head for row in found.rows}


def tables(**event: Any) -> dict[str, Table]:
    return {found.title: found for found in particulars(**event).tables}


def test_of_an_empty_event_there_is_nothing() -> None:
    found = particulars()

    assert (found.message, found.request, found.tables, found.unread) == (None, None, (), ())
    assert not found.breadcrumbs


def test_a_message_shows_its_template_and_parameters() -> None:
    found = particulars(logentry={"message": "no stock for %s in %s", "params": ["SKU-1", {"a": 1}]}).message

    assert found is not None
    assert (found.text.head, found.template.head) == ("no stock for SKU-1 in {'a': 1}", "no stock for %s in %s")
    assert told(found.params) == {"1": "SKU-1", "2": '{"a": 1}'}


def test_parameters_may_have_names() -> None:
    found = particulars(logentry={"message": "no stock for {sku}", "params": {"sku": "SKU-1"}}).message

    assert found is not None
    assert told(found.params) == {"sku": "SKU-1"}


REQUEST = {
    "method": "POST",
    "url": "https://shop.example.com/cart?step=2&sku=1#top",
    "data": {"count": 3, "note": ""},
    "headers": [["User-Agent", "Mozilla/5.0"], ["X-B", "1"]],
    "cookies": "a=1; b=2",
    "env": {"REMOTE_ADDR": "10.0.0.7"},
}


def test_a_request_is_shown_with_its_parts_and_the_noisy_ones_folded() -> None:
    found = particulars(request=REQUEST).request

    assert found is not None
    assert (found.method, found.url.head) == ("POST", "https://shop.example.com/cart#top")
    assert [(part.title, part.is_open, told(part)) for part in found.tables][:2] == [
        ("Query", True, {"step": "2", "sku": "1"}),
        ("Body", True, {"count": "3"}),
    ]
    assert {part.title for part in found.tables if not part.is_open} >= {"Headers", "Environment"}


@pytest.mark.parametrize(("body", "rows"), [("a=1&b=2", {"": "a=1&b=2"}), ([1, 2], {"": "[1, 2]"}), (0, {"": "0"})])
def test_a_body_may_be_anything(body: Any, rows: dict[str, str]) -> None:
    found = particulars(request={"url": "/", "data": body}).request

    assert found is not None
    assert [told(part) for part in found.tables] == [rows]


def test_contexts_are_tables_and_those_that_say_nothing_are_left_out() -> None:
    found = tables(
        user={"id": 7, "email": "a@example.com"},
        contexts={"os": {"type": "os", "name": "Linux"}, "order": {"n": 3, "nothing": None}, "empty": {}},
        extra={"argv": ["serve", "--port"]},
        sdk={"name": "sentry.python", "version": "2.0", "packages": [{"name": "pypi:sentry-sdk", "version": "2.0"}]},
    )

    assert {title: told(found) for title, found in found.items()} == {
        "User": {"id": "7", "email": "a@example.com"},
        "Extra": {"argv": '["serve", "--port"]'},
        "os": {"name": "Linux"},
        "order": {"n": "3"},
        "SDK": {"name": "sentry.python", "version": "2.0"},
        "Packages": {"pypi:sentry-sdk": "2.0"},
    }


def test_json_is_on_lines_of_its_own_where_it_is_long() -> None:
    (row,) = table("Extra", {"pumps": [{"name": "pump", "level": number} for number in range(5)]}).rows

    assert row.is_code
    assert row.value.head.startswith('[\n  {\n    "name": "pump",')


def test_what_would_be_many_times_as_long_is_not_indented() -> None:
    deep: list[Any] = ["pump"] * 1_000
    for _ in range(90):
        deep = [deep]
    (row,) = table("Extra", {"deep": deep}).rows
    (short,) = table("Extra", {"short": [[["pump", "valve"] * 8]]}).rows

    assert row.value.length == len(json.dumps(deep))
    assert short.value.head.startswith('[\n  [\n    [\n      "pump",')


def test_a_table_is_not_endless() -> None:
    found = table("Extra", {f"k{number}": number for number in range(MOST_ROWS + 7)})

    assert (len(found.rows), found.left_out) == (MOST_ROWS, 7)


def test_nought_and_no_are_something() -> None:
    assert told(table("Extra", {"nought": 0, "no": False, "none": None, "empty": ""})) == {"nought": "0", "no": "false"}


def test_the_newest_breadcrumbs_come_first_and_older_ones_are_folded() -> None:
    crumbs = [{"timestamp": 1_700_000_000 + number, "message": str(number)} for number in range(15)]

    found = particulars(breadcrumbs={"values": crumbs}).breadcrumbs

    assert [crumb.message.head for crumb in found.newest] == [str(14 - number) for number in range(NEWEST_BREADCRUMBS)]
    assert [crumb.message.head for crumb in found.older] == ["4", "3", "2", "1", "0"]


def test_more_breadcrumbs_and_contexts_than_sdks_send_are_counted() -> None:
    found = particulars(
        breadcrumbs=[{"message": str(number)} for number in range(MOST_BREADCRUMBS + 3)],
        contexts={f"c{number}": {"a": 1} for number in range(MOST_CONTEXTS + 4)},
    )

    crumbs = (*found.breadcrumbs.newest, *found.breadcrumbs.older)
    assert (crumbs[0].message.head, crumbs[-1].message.head) == (str(MOST_BREADCRUMBS + 2), "3")
    assert (len(crumbs), found.breadcrumbs.left_out) == (MOST_BREADCRUMBS, 3)
    assert (len(found.tables), found.left_out) == (MOST_CONTEXTS, 4)


def test_a_breadcrumb_of_a_request_is_a_line() -> None:
    crumb = {"category": "httplib", "data": {"method": "GET", "url": "/pumps", "status_code": 502, "size": 7}}

    (found,) = particulars(breadcrumbs=[crumb]).breadcrumbs.newest

    assert (found.message.head, found.data.head, found.at) == ("GET /pumps 502", '{"size": 7}', None)


def test_says_what_was_not_read() -> None:
    assert particulars(tags=7, level={}).unread == ("level", "tags")
