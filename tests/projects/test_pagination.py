"""Pages of a list: how long, where they begin, and where their links lead (contract section 2)."""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models import QuerySet
from django.test import RequestFactory
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.pagination import paginate, read_cursor, read_limit
from projects.database.keyset import Position, Sort
from projects.models import Organization
from projects.pages import ForeignCursor
from tests.factories import LONG_AGO, OrganizationFactory

BY_ID = Sort("id", descending=False)
BY_ID_DOWN = Sort("id")
BY_TIME = Sort("created_at", descending=False)
BY_TIME_DOWN = Sort("created_at")
SORTS = [(BY_ID, False), (BY_ID_DOWN, False), (BY_TIME, True), (BY_TIME_DOWN, True)]
SORT_IDS = ["id up", "id down", "time up", "time down"]

MAX_ID = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_TIME = datetime(1, 1, 1, tzinfo=UTC)
LAST_TIME = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

LINK = re.compile(
    r'<(?P<previous_url>[^>]+)>; rel="previous"; results="(?P<previous>true|false)"; '
    r'cursor="(?P<previous_cursor>-?\d+:\d+:1)", '
    r'<(?P<next_url>[^>]+)>; rel="next"; results="(?P<next>true|false)"; cursor="(?P<next_cursor>-?\d+:\d+:0)"'
)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def links_of(headers: dict[str, str]) -> dict[str, str]:
    found = LINK.fullmatch(headers["Link"])
    assert found is not None, headers["Link"]
    return found.groupdict()


def page(
    query: str, sort: Sort, *, is_time: bool, rows: QuerySet[Any] | None = None
) -> tuple[list[int], dict[str, str]]:
    """Return the ids of the page that a query asks for, and its links in parts."""
    view = SimpleNamespace(parameters={"cursor", "per_page", "query", "a", "x", "xcursor"})
    request = Request(RequestFactory().get("/api/0/list/", QUERY_STRING=query), parser_context={"view": view})
    found, headers = paginate(request, Organization.objects.all() if rows is None else rows, sort, is_time=is_time)
    assert set(headers) == {"Link"}
    return [row.pk for row in found], links_of(headers)


def walk(links: dict[str, str], rel: str, sort: Sort, *, is_time: bool) -> tuple[list[list[int]], dict[str, str]]:
    """Follow the addresses of one rel to the end; return the pages as they came, and the links of the last one."""
    pages = []
    while links[rel] == "true":
        address = urlsplit(links[f"{rel}_url"])
        assert parse_qs(address.query)["cursor"] == [links[f"{rel}_cursor"]]
        ids, links = page(address.query, sort, is_time=is_time)
        pages.append(ids)
    return pages, links


# ---------------------------------------------------------------------------------------------------------------------
# How long
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "limit"),
    [
        (None, 100),
        ("1", 1),
        ("007", 7),
        ("99", 99),
        ("100", 100),
        ("101", 100),
        ("1000", 100),
        ("10000", 100),
        ("9" * 5000, 100),  # more digits than int() takes
        ("0" * 5000 + "3", 3),
    ],
    ids=lambda word: str(word)[:10],
)
def test_a_page_is_as_long_as_asked_and_at_most_a_hundred(word: str | None, limit: int) -> None:
    assert read_limit(word) == limit


@pytest.mark.parametrize("word", ["", "0", "000", "-1", "+5", "1.0", "1e2", " 5", "5 ", "1_0", "٣", "²", "all", "5\n"])
def test_another_size_is_refused_and_named(word: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        read_limit(word, name="per_page")

    assert refusal.value.detail == {
        "per_page": [f'"{word}" is no page size; say a whole number from 1 to 100.'],
    }


# ---------------------------------------------------------------------------------------------------------------------
# Where from
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [None, ""])
@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
def test_no_cursor_is_the_start(word: str | None, sort: Sort, is_time: bool) -> None:
    assert read_cursor(word, sort, is_time=is_time) == Position(sort, None, backwards=False)


@pytest.mark.parametrize(
    ("word", "key", "backwards"),
    [
        ("0:0:0", (0, 0), False),
        ("0:0:1", (0, 0), True),
        ("7:12:0", (7, 12), False),
        ("007:012:1", (7, 12), True),
        ("-7:12:0", (-7, 12), False),
        ("-0:12:0", (0, 12), False),
        (f"{MAX_ID}:{MAX_ID}:1", (MAX_ID, MAX_ID), True),
        (f"-{MAX_ID}:{MAX_ID}:0", (-MAX_ID, MAX_ID), False),
    ],
)
def test_a_cursor_of_numbers_names_a_place(word: str, key: tuple[int, int], backwards: bool) -> None:
    assert read_cursor(word, BY_ID, is_time=False) == Position(BY_ID, key, backwards=backwards)


@pytest.mark.parametrize(
    ("word", "key", "backwards"),
    [
        ("0:5:0", (EPOCH, 5), False),
        ("1500000:5:1", (EPOCH + timedelta(seconds=1.5), 5), True),
        ("-1:5:0", (EPOCH - timedelta(microseconds=1), 5), False),
        (f"{micros(LAST_TIME)}:5:0", (LAST_TIME, 5), False),
        (f"{micros(FIRST_TIME)}:5:0", (FIRST_TIME, 5), False),
    ],
)
def test_a_cursor_of_a_time_names_a_place(word: str, key: tuple[datetime, int], backwards: bool) -> None:
    assert read_cursor(word, BY_TIME, is_time=True) == Position(BY_TIME, key, backwards=backwards)


NO_CURSORS = [
    "0",
    "0:0",
    "0:0:0:0",
    "0:0:2",
    "0:0:",
    ":0:0",
    "0::0",
    "0:-1:0",
    "0:0:-1",
    "+1:0:0",
    "1.5:0:0",
    " 0:0:0",
    "0:0:0 ",
    "0:0:0\n",
    "٣:0:0",
    "next",
    "-:0:0",
    f"0:{MAX_ID + 1}:0",
    f"{MAX_ID + 1}:0:0",
    f"-{MAX_ID + 1}:0:0",
    f"{'9' * 5000}:0:0",  # more digits than int() takes
    f"0:{'9' * 5000}:0",
]
NO_TIMES = [
    f"{micros(LAST_TIME) + 1}:0:0",
    f"{micros(FIRST_TIME) - 1}:0:0",
    f"-{micros(LAST_TIME)}:0:0",
    f"{MAX_ID}:0:0",
    f"-{MAX_ID}:0:0",
]


@pytest.mark.parametrize(
    ("word", "sort", "is_time"),
    [
        *((word, sort, is_time) for word in NO_CURSORS for sort, is_time in ((BY_ID, False), (BY_TIME, True))),
        *((word, BY_TIME, True) for word in NO_TIMES),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_another_cursor_is_refused_and_named(word: str, sort: Sort, is_time: bool) -> None:
    with pytest.raises(ValidationError) as refusal:
        read_cursor(word, sort, is_time=is_time)

    assert refusal.value.detail == {
        "cursor": [f'"{word[:40]}" is no cursor; take one from the Link header of an answer.'],
    }


# ---------------------------------------------------------------------------------------------------------------------
# A walk
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ids(db: None) -> list[int]:
    """Seven rows, of which five share two times, in the order of their ids; their times are not in that order."""
    minutes = [3, 1, 1, 2, 2, 2, 0]
    return [OrganizationFactory(created_at=LONG_AGO + timedelta(minutes=minute)).pk for minute in minutes]


def in_order(ids: list[int], sort: Sort) -> list[int]:
    by_time = [ids[n] for n in (6, 1, 2, 3, 4, 5, 0)]
    up = ids if sort.column == "id" else by_time
    return up[::-1] if sort.descending else up


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_a_walk_shows_every_row_once_and_the_way_back_does_too(
    ids: list[int], sort: Sort, is_time: bool, size: int
) -> None:
    first, links = page(f"per_page={size}&cursor=", sort, is_time=is_time)
    on, links_of_last = walk(links, "next", sort, is_time=is_time)
    back, links_of_first = walk(links_of_last, "previous", sort, is_time=is_time)

    pages = [first, *on]
    assert (links["previous"], links_of_last["next"], links_of_first["previous"]) == ("false", "false", "false")
    assert [len(ids) for ids in pages] == [size] * (7 // size) + ([7 % size] if 7 % size else [])
    assert [*chain(*pages)] == in_order(ids, sort)
    assert [*chain(*back[::-1])] == in_order(ids, sort)[: 7 - len(pages[-1])]


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
def test_the_first_page_is_the_whole_list_when_that_fits(ids: list[int], sort: Sort, is_time: bool) -> None:
    found, links = page("", sort, is_time=is_time)

    assert found == in_order(ids, sort)
    assert (links["previous"], links["next"]) == ("false", "false")


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
def test_an_empty_list_has_both_links_and_they_lead_nowhere(db: None, sort: Sort, is_time: bool) -> None:
    found, links = page("", sort, is_time=is_time)

    assert (found, links["previous"], links["next"]) == ([], "false", "false")
    for rel in ("previous", "next"):
        assert page(urlsplit(links[f"{rel}_url"]).query, sort, is_time=is_time)[0] == []


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
def test_the_empty_page_behind_the_last_one_leads_back_to_it(ids: list[int], sort: Sort, is_time: bool) -> None:
    _, links = page("", sort, is_time=is_time)

    nothing, links = page(f"per_page=3&cursor={links['next_cursor']}", sort, is_time=is_time)
    back, _ = page(urlsplit(links["previous_url"]).query, sort, is_time=is_time)

    assert (nothing, links["previous"], links["next"]) == ([], "true", "false")
    assert back == in_order(ids, sort)[-3:]


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
def test_the_empty_page_before_the_first_one_leads_on_to_it(ids: list[int], sort: Sort, is_time: bool) -> None:
    _, links = page("", sort, is_time=is_time)

    nothing, links = page(f"per_page=3&cursor={links['previous_cursor']}", sort, is_time=is_time)
    on, _ = page(urlsplit(links["next_url"]).query, sort, is_time=is_time)

    assert (nothing, links["previous"], links["next"]) == ([], "false", "true")
    assert on == in_order(ids, sort)[:3]


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
@pytest.mark.parametrize("backwards", [0, 1])
@pytest.mark.parametrize("pk", [0, MAX_ID])
def test_the_links_of_a_page_far_outside_can_be_followed(
    ids: list[int], sort: Sort, is_time: bool, backwards: int, pk: int
) -> None:
    value = micros(LAST_TIME) if is_time else pk

    found, links = page(f"cursor={value}:{pk}:{backwards}", sort, is_time=is_time)

    assert found in ([], in_order(ids, sort))
    for rel in ("previous", "next"):
        page(urlsplit(links[f"{rel}_url"]).query, sort, is_time=is_time)


@pytest.mark.parametrize(("sort", "is_time"), SORTS, ids=SORT_IDS)
@pytest.mark.parametrize("backwards", [0, 1])
@pytest.mark.parametrize("pk", [0, 1, MAX_ID])
@pytest.mark.parametrize("value", [-MAX_ID, 1 - 10**14, -1, 2, 10**14 - 1])
def test_a_place_that_no_row_of_the_list_can_have_is_refused(
    ids: list[int], sort: Sort, is_time: bool, backwards: int, pk: int, value: int
) -> None:
    with pytest.raises((ForeignCursor, ValidationError)) as refusal:  # of another list, or of none at all
        page(f"cursor={value}:{pk}:{backwards}", sort, is_time=is_time)

    error: Any = refusal.value
    assert list(error.body if isinstance(error, ForeignCursor) else error.detail) == ["cursor"]


@pytest.mark.parametrize("sort", [BY_TIME, BY_TIME_DOWN])
def test_a_place_that_seems_impossible_is_believed_when_a_row_is_there(ids: list[int], sort: Sort) -> None:
    Organization.objects.filter(pk=ids[3]).update(created_at=EPOCH)

    for pk in (ids[3] - 1, ids[3], ids[3] + 1):  # the way back from an empty page names the id beside it
        page(f"cursor={micros(EPOCH)}:{pk}:0", sort, is_time=True)
    with pytest.raises(ForeignCursor):
        page(f"cursor={micros(EPOCH)}:{ids[6]}:0", sort, is_time=True)


def test_rows_that_come_and_go_repeat_and_hide_no_other(ids: list[int]) -> None:
    first, links = page("per_page=3", BY_ID, is_time=False)
    Organization.objects.filter(pk__in=[ids[0], ids[2]]).delete()  # shown already, one of them named by the cursor
    new = OrganizationFactory()

    rest, _ = walk(links, "next", BY_ID, is_time=False)

    assert first == ids[:3]
    assert [*chain(*rest)] == [*ids[3:], new.pk]


def test_only_rows_of_the_query_are_on_its_pages(ids: list[int]) -> None:
    rows = Organization.objects.filter(pk__in=ids[::2])

    first, links = page("per_page=2", BY_ID, is_time=False, rows=rows)
    second, _ = page(f"per_page=2&cursor={links['next_cursor']}", BY_ID, is_time=False, rows=rows)

    assert (first, second) == ([ids[0], ids[2]], [ids[4], ids[6]])


@pytest.mark.parametrize("query", ["per_page=0", "per_page=x", "per_page="])
def test_a_list_refuses_a_wrong_page_size(db: None, query: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        page(query, BY_ID, is_time=False)

    assert set(refusal.value.detail) == {"per_page"}


# ---------------------------------------------------------------------------------------------------------------------
# The address of a link
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("cursor=", ""),
        ("cursor=0:0:0&per_page=5", "per_page=5&"),
        ("per_page=5&query=a%20b+c", "per_page=5&query=a%20b+c&"),
        ("query=&&x", "query=&x&"),
        ("a=1&a=2", "a=1&a=2&"),
        ("xcursor=1", "xcursor=1&"),
        # what the list doesn't know
        ("b=1&per_page=5&=2&%62", "per_page=5&"),
        ("per%5Fpage=5&PER_PAGE=4", "per%5Fpage=5&"),
        # whatever ends an address or a link, for somebody who splits the header there
        ("query=a,b;c", "query=a%2Cb%3Bc&"),
        ('query=<a>"b"', "query=%3Ca%3E%22b%22&"),
        # not escaped by the client; WSGI hands on bytes as Latin-1
        ("query=é".encode().decode("latin-1"), "query=%C3%A9&"),
        ("query=é", "query=%E9&"),
    ],
)
def test_a_link_keeps_what_the_list_knows_but_for_the_cursor(db: None, query: str, kept: str) -> None:
    _, links = page(query, BY_ID, is_time=False)

    assert links["next_url"] == f"http://testserver/api/0/list/?{kept}cursor={links['next_cursor']}"
    assert links["previous_url"] == f"http://testserver/api/0/list/?{kept}cursor={links['previous_cursor']}"


@pytest.mark.parametrize("spelling", ["cursor=1:1:1&", "%63ursor=1:1:1&", "cursor&", ""])
def test_a_cursor_however_it_was_spelt_gives_way_to_that_of_the_link(ids: list[int], spelling: str) -> None:
    _, links = page(f"{spelling}per_page=3&cursor={ids[0]}:{ids[0]}:0", BY_ID, is_time=False)

    following, _ = page(urlsplit(links["next_url"]).query, BY_ID, is_time=False)

    assert following == ids[4:7]
