"""Watches what the whole suite sends to PostgreSQL: each statement of the service names the projects whose rows it
touches.

A statement is judged once in each process, by its text, after the test that sent it first; that test fails. It is the
service's if code of the service is nearer to it on the stack than code of the tests: what a factory writes, or a test
reads to see what came of it, concerns nobody. What migrations send doesn't either, nor what ``allowed.py`` has.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db.backends.utils import CursorWrapper

from projects.database.shards import OF_ALL
from tests.statements.allowed import LOOK_UPS, WALKS
from tests.statements.judging import Tables, faults

ROOT = Path(__file__).parents[2]
PACKAGES = ("projects", "issues", "events", "desk", "issuetracker")
SERVICE, TESTS, APART = "service", "tests", "apart"

# As many values or rows as there were: one of them says the same.
MANY_VALUES = re.compile(r"\bIN \(%s(?:, %s)+\)")
MANY_ROWS = re.compile(r"(\((?:%s|, )+\))(?:, \1)+")


class Place(NamedTuple):
    """The code that sends a statement."""

    file: str
    function: str
    line: int


class Watch:
    """A plugin of pytest."""

    def __init__(self) -> None:
        self.judged: set[str] = set()
        self.sent: dict[str, Place] = {}  # by the service, and not judged yet
        self.owners: dict[str, str] = {}  # of files

    def begin(self) -> None:
        """Look at all that Django's cursors send from now on, in each thread and on each connection."""
        for name in ("execute", "executemany"):
            setattr(CursorWrapper, name, self._watched(getattr(CursorWrapper, name)))

    def _watched(self, send: Any) -> Any:
        def watched(cursor: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
            if sql not in self.judged and sql not in self.sent:
                self.note(sql, sys._getframe(1))
            return send(cursor, sql, *args, **kwargs)

        return watched

    def note(self, sql: str, frame: FrameType | None) -> None:
        """Keep a statement to be judged, if it is the service's."""
        place = None
        while frame is not None:
            file = frame.f_code.co_filename
            owner = self.owners.get(file)
            if owner is None:
                owner = self.owners[file] = owner_of(file)
            if owner == APART or (owner == TESTS and place is None):
                return
            if owner == SERVICE and place is None:
                place = Place(str(Path(file).relative_to(ROOT)), frame.f_code.co_qualname, frame.f_lineno)
            frame = frame.f_back
        if place is not None:
            self.sent[sql] = place

    def judge(self) -> list[str]:
        """Return what is wrong with the statements that are new."""
        wrong: list[str] = []
        while self.sent:
            sql, place = self.sent.popitem()
            if is_a_walk(f"{place.file}:{place.function}"):
                continue
            looked_up = LOOK_UPS.get(f"{place.file}:{place.function}", "")
            # By itself a text that is no look-up elsewhere may be one here: it is judged for both.
            same = f"{shortened(sql)} -- {looked_up}"
            if same not in self.judged:
                told = f"\n  sent by {place.function}, {place.file}:{place.line}:\n{sql}"
                wrong += [f"{fault}{told}" for fault in faults(shortened(sql), tables(), looked_up)]
            self.judged |= {sql, same}
        return wrong

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        yield
        self.fail_if_wrong()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        yield
        self.fail_if_wrong()

    def fail_if_wrong(self) -> None:
        wrong = self.judge()
        if wrong:
            pytest.fail("Every statement names its project (CONTRIBUTING.md):\n" + "\n".join(wrong), pytrace=False)


def owner_of(file: str) -> str:
    """Return whose statements the code of a file sends; nothing for libraries, and for what others send theirs by."""
    path = Path(file)
    if not path.is_relative_to(ROOT):
        return ""
    parts = path.relative_to(ROOT).parts
    if "migrations" in parts:
        return APART
    if parts[0] in PACKAGES:
        return "" if parts[:2] == ("projects", "database") else SERVICE
    return TESTS if parts[0] in ("tests", "benchmarks") else ""


def is_a_walk(place: str) -> bool:
    return any(place == walk or place.startswith((f"{walk}/", f"{walk}:")) for walk in WALKS)


def shortened(sql: str) -> str:
    """Return a statement with one value, or one row, where there may be any number of them."""
    return MANY_ROWS.sub(r"\1", MANY_VALUES.sub("IN (%s)", sql))


@cache
def tables() -> Tables:
    """Return the columns of each table that Django knows; of those that are of all, not their project."""
    models = apps.get_models(include_auto_created=True)
    columns = {m._meta.db_table: {f.column for f in m._meta.concrete_fields if f.column} for m in models}
    for name in OF_ALL:
        columns[name].remove("project_id")
    return columns


watch = Watch()
