"""A visit of somebody with a browser, and all that went wrong on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

NAME, PASSWORD = "operator", "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Visit:
    """``page`` is what the browser shows; ``faults`` are errors in the console, failed requests, and other hosts."""

    address: str
    page: Page
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")

    def log_in(self) -> None:
        """Log in as somebody does who touches no mouse: the cursor stands where the name goes."""
        self.go("/admin/login/")
        expect(self.page.get_by_label("Username")).to_be_focused()
        self.page.keyboard.type(NAME)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.address}/admin/desk/")
        self.page.wait_for_load_state("networkidle")

    def watch(self) -> None:
        """Note from now on what goes wrong."""

        def said(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.faults.append(f"{message.type}: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
                self.faults.append(f"elsewhere: {request.url}")

        def answered(response: Response) -> None:
            if response.status >= 400:
                self.faults.append(f"{response.status}: {response.url}")

        self.page.on("console", said)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", asked)
        self.page.on("requestfailed", lambda request: self.faults.append(f"failed: {request.url}"))
        self.page.on("response", answered)


@contextmanager
def visiting(browser: Browser, address: str, *, scheme: str = "light", zone: str = "UTC") -> Iterator[Visit]:
    """Open a window as large as a small laptop's, in this zone, which likes ``scheme``; nothing may go wrong until the
    end."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        timezone_id=zone,
    )
    try:
        context.set_default_timeout(10_000)
        visit = Visit(address, context.new_page())
        visit.watch()
        yield visit
        assert visit.faults == []
    finally:
        context.close()
