"""The log, as the site's own handler writes it."""

import logging

import pytest

from issuetracker.logs import JsonLines
from tests.issuetracker.logged import Log


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> logging.StreamHandler[Log]:
    """The one that the settings make, writing to a text."""
    (found,) = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    monkeypatch.setattr(found, "stream", Log())
    return found


@pytest.fixture
def log(handler: logging.StreamHandler[Log], monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(handler, "formatter", JsonLines())
    return handler.stream
