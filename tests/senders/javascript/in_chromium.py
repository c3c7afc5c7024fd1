"""Show the page in Debian's Chromium, until it says that all is sent: `in_chromium.py BUNDLE [--header]`.

The page is of another origin than the server that it sends to. With ``--header`` it sends a header for which a browser
must ask the server first, and without it none; either is looked at.
"""

import os
import shutil
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright


class Page(BaseHTTPRequestHandler):
    def __init__(self, script: str, *args: Any) -> None:
        self.script = script
        super().__init__(*args)

    def do_GET(self) -> None:
        page = f"<!doctype html><title>Waiting</title><script>{self.script}</script>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *args: Any) -> None:
        pass


def main(bundle: str, *options: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, Path(bundle).read_text()))
    Thread(target=server.serve_forever, daemon=True).start()
    told = {name: os.environ[f"SENTRY_{name.upper()}"] for name in ("dsn", "release", "environment")}
    if options:
        told["header"] = "yes"
    asked_first = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page()
        seen = page.context.new_cdp_session(page)
        seen.send("Network.enable")
        seen.on("Network.requestWillBeSent", lambda event: asked_first.append(event["request"]["method"] == "OPTIONS"))
        page.goto(f"http://localhost:{server.server_port}/?{urlencode(told)}")
        page.wait_for_function("document.title != 'Waiting'")
        title = page.title()
        browser.close()
    assert title == "Sent", title
    assert any(asked_first) == bool(options), "The browser asked first, or did not."


if __name__ == "__main__":
    main(*sys.argv[1:])
