"""The edge without HTTP: what a query string names, and the parameters of a list."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from issues.enums import IssueStatus
from issues.mutation import (
    AllIssues,
    IssueScope,
    NamedIssues,
)
from issues.reading.items import StatsPeriod
from issues.reading.lists import ListQuery
from issues.search.parsing import BadTerm
from issues.serializers.list_query import read_list_query
from issues.serializers.scopes import read_id, read_scope_query
from projects.callers import Caller
from projects.database.keyset import EPOCH, Position, Sort

# ---------------------------------------------------------------------------------------------------------------------
# A query string -> IssueScope
# ---------------------------------------------------------------------------------------------------------------------


UNRESOLVED_ONLY = frozenset({IssueStatus.UNRESOLVED})

MAX_ID = 2**63 - 1

SCOPES = [
    ("", AllIssues(7)),
    ("&", AllIssues(7)),
    ("id=1", NamedIssues(7, ids=frozenset({1}))),
    ("id=2&id=1&id=02", NamedIssues(7, ids=frozenset({1, 2}))),
    ("%69d=%31", NamedIssues(7, ids=frozenset({1}))),
    (f"id={MAX_ID}", NamedIssues(7, ids=frozenset({MAX_ID}))),
    ("status=unresolved", AllIssues(7, statuses=UNRESOLVED_ONLY)),
    ("status=muted&status=resolved", AllIssues(7, statuses=frozenset({IssueStatus.IGNORED, IssueStatus.RESOLVED}))),
    ("status=unresolved&id=1", NamedIssues(7, ids=frozenset({1}), statuses=UNRESOLVED_ONLY)),
]


@pytest.mark.parametrize(("query", "scope"), SCOPES)
def test_reads_a_scope(query: str, scope: IssueScope) -> None:
    assert read_scope_query(query, by=Caller()).in_project(7) == scope


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("id=", "id"),
        ("id=0", "id"),
        ("id=-1", "id"),
        ("id=a", "id"),
        (f"id={MAX_ID + 1}", "id"),
        ("status=", "status"),
        ("status=open", "status"),
        ("ids=1", "detail"),
        ("id=0&status=open&foo=1", "detail"),
    ],
)
def test_refuses_a_scope(query: str, key: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        read_scope_query(query, by=Caller()).in_project(7)

    assert isinstance(refusal.value.detail, dict)
    assert list(refusal.value.detail) == [key]


@pytest.mark.parametrize(
    ("word", "pk"),
    [
        ("1", 1),
        ("001", 1),
        (str(MAX_ID), MAX_ID),
        ("", None),
        ("0", None),
        ("-1", None),
        (" 1", None),
        ("%31", None),
        ("\u0661", None),
        (str(MAX_ID + 1), None),
        ("1" * 5000, None),
    ],
    ids=lambda value: str(value)[:25].encode("unicode_escape").decode(),
)
def test_reads_an_id(word: str, pk: int | None) -> None:
    assert read_id(word) == pk


# ---------------------------------------------------------------------------------------------------------------------
# The parameters of a list
# ---------------------------------------------------------------------------------------------------------------------


A_DAY = StatsPeriod("24h", timedelta(hours=1), 24)
START = Position(Sort("last_seen"))
BY_DEFAULT = ListQuery(UNRESOLVED_ONLY, (), START, 100, A_DAY)

LISTS = [
    ("", BY_DEFAULT),
    ("foo=1&id=x&cursor=", BY_DEFAULT),
    ("query=", ListQuery(None, (), START, 100, A_DAY)),
    ("status=muted", ListQuery(frozenset({IssueStatus.IGNORED}), (), START, 100, A_DAY)),
    ("query=&status=muted", ListQuery(frozenset({IssueStatus.IGNORED}), (), START, 100, A_DAY)),
    ("limit=7", ListQuery(UNRESOLVED_ONLY, (), START, 7, A_DAY)),
    ("limit=101", ListQuery(UNRESOLVED_ONLY, (), START, 100, A_DAY)),
    ("statsPeriod=", ListQuery(UNRESOLVED_ONLY, (), START, 100, None)),
    ("statsPeriod=2w", ListQuery(UNRESOLVED_ONLY, (), START, 100, StatsPeriod("2w", timedelta(days=1), 14))),
]


@pytest.mark.parametrize(("query", "asked"), LISTS)
def test_reads_a_list(query: str, asked: ListQuery) -> None:
    assert read_list_query(QueryDict(query), by=Caller()) == asked


@pytest.mark.parametrize("backwards", [0, 1])
def test_reads_a_cursor(now: datetime, backwards: int) -> None:
    micros = round(now.timestamp() * 1_000_000)

    asked = read_list_query(QueryDict(f"cursor={micros}:{MAX_ID}:{backwards}"), by=Caller())

    assert asked.position == Position(Sort("last_seen"), (now, MAX_ID), backwards=bool(backwards))


@pytest.mark.parametrize(
    ("sort", "column"), [("date", "last_seen"), ("new", "first_seen"), ("freq", "times_seen"), ("user", "users_seen")]
)
def test_reads_a_cursor_as_what_the_list_is_sorted_by(sort: str, column: str) -> None:
    value = EPOCH if sort in {"date", "new"} else 0

    asked = read_list_query(QueryDict(f"sort={sort}&cursor=0:7:0"), by=Caller())

    assert asked.position == Position(Sort(column), (value, 7))


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("query=foo:bar", "detail"),
        ("sort=priority", "sort"),
        ("status=open", "status"),
        ("limit=0", "limit"),
        ("statsPeriod=91d", "statsPeriod"),
        ("cursor=0", "cursor"),
    ],
)
def test_refuses_a_list(query: str, key: str) -> None:
    with pytest.raises((ValidationError, BadTerm)) as refusal:
        read_list_query(QueryDict(query), by=Caller())

    error: Any = refusal.value
    assert list(error.body if isinstance(error, BadTerm) else error.detail) == [key]
