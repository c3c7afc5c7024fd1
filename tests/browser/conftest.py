"""Debian's Chromium in front of the real server."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from projects.models import User
from tests.browser.visit import NAME, PASSWORD, Visit, visiting
from tests.factories import UserFactory
from tests.live import serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one process for all tests; each has a window of its own."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("These tests drive Chromium, and there is none on the PATH: apt-get install chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop on this thread, on which nothing of Django's runs: it need not refuse to.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture
def operator(transactional_db: None) -> User:
    user = UserFactory(username=NAME, superuser=True)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def owner(jane: User) -> User:
    """Somebody who works at the desk and is no superuser: an owner of the organization."""
    jane.is_staff = True
    jane.set_password(PASSWORD)
    jane.save()
    return jane


@pytest.fixture
def address(operator: User) -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Somebody who is logged in."""
    with visiting(browser, address) as visit:
        visit.log_in()
        yield visit
