"""What is written to the log, and what has it written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest

from projects.models import ApiKey
from projects.remembering import Remembered


class Log(StringIO):
    """What the site's own handler has written."""

    def lines(self, logger: str = "") -> list[dict[str, Any]]:
        read = [json.loads(line) for line in self.getvalue().splitlines()]
        return [line for line in read if line["logger"].startswith(logger)]

    def mutations(self) -> list[dict[str, Any]]:
        return self.lines("issues.mutations")


class Raising:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise self.error

    def fail(self, *args: object, **kwargs: object) -> None:
        raise self.error


@contextmanager
def failing(error: Exception) -> Iterator[None]:
    """Let the look-up of every credential fail."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ApiKey, "objects", Raising(error))
        patch.setattr("projects.database.outages.traced", Remembered(60))
        yield
