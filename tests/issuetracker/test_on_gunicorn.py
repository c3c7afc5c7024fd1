"""gunicorn's private parts are still what they were when ``issuetracker/server/on_gunicorn.py`` was written.

When one of these fails after an upgrade, read what changed in that part, and what on_gunicorn.py makes of it. Then put
the new version, and the new digests, here and there.
"""

import ast
import hashlib
import inspect
import sys
from pathlib import Path
from typing import Any

import gunicorn
import pytest
from gunicorn import arbiter, glogging, util
from gunicorn.app import base as app
from gunicorn.http import body, errors, message, unreader, wsgi
from gunicorn.workers import base as worker

from issuetracker.server import on_gunicorn

ROOT = Path(__file__).resolve().parents[2]

# What of gunicorn is used or changed, and its text in the version that was read.
READ: dict[str, tuple[Any, str]] = {
    "the master's signals": (arbiter.Arbiter.init_signals, "68125f99ad65"),
    "the master's end": (arbiter.Arbiter.handle_term, "93d583480a66"),
    "the master's reload": (arbiter.Arbiter.handle_hup, "50de80005cd6"),
    "the master's look after its workers": (arbiter.Arbiter.murder_workers, "3f8fbfdf473f"),
    "a worker's birth": (arbiter.Arbiter.spawn_worker, "6abc0d90b0b9"),
    "the application": (app.BaseApplication, "88c6ffeb635d"),
    "the log": (glogging.Logger.setup, "17c79acdddea"),
    "a worker before its loop": (worker.Worker.init_process, "114caccd7a0e"),
    "a worker's members": (worker.Worker.__init__, "e0f1de2d6057"),
    "a worker's signals": (worker.Worker.init_signals, "65442e0602b0"),
    "a worker's end": (worker.Worker.handle_exit, "e2f7159c426d"),
    "a worker's sign of life": (worker.Worker.notify, "7f509bc4046b"),
    "the bytes of a head": (unreader.IterUnreader, "fa4b976b31bd"),
    "what is unread": (unreader.Unreader, "84aaa8f91fcd"),
    "what headers mean": (message.HeaderPolicy, "84bc24b291e7"),
    "what a message says": (message.Message, "1998788a8a48"),
    "what a request says": (message.Request, "5fb06ef65d3b"),
    "a body with a length": (body.LengthReader, "3b01bc7c21a2"),
    "a body in chunks": (body.ChunkedReader, "c1aa79e0ae04"),
    "what is wrong with a request": (errors, "348906eec2ca"),
    "the environment": (wsgi.create, "2c35d4a2dc62"),
    "the environment's rest": (wsgi.default_environ, "b7e18b84d829"),
    "an answer": (wsgi.Response, "d67f8e6b29d7"),
    "a file": (wsgi.FileWrapper, "8f7142e80806"),
    "sending": (util.write, "cd995031295f"),
    "sending a chunk": (util.write_chunk, "9cd46540c593"),
}


def test_gunicorn_is_the_version_that_was_read() -> None:
    assert gunicorn.__version__ == on_gunicorn.READ_IN


def test_the_version_that_was_read_is_required() -> None:
    assert f"\ngunicorn=={on_gunicorn.READ_IN} " in (ROOT / "requirements.txt").read_text()


def test_every_part_that_is_used_was_read() -> None:
    used = {
        name if name in sys.modules else module
        for node in ast.walk(ast.parse(inspect.getsource(on_gunicorn)))
        if isinstance(node, ast.ImportFrom) and (module := node.module or "").startswith("gunicorn")
        for name in (f"{module}.{alias.name}" for alias in node.names)
    }

    assert len(used) == 9
    assert used <= {part.__name__ if inspect.ismodule(part) else part.__module__ for part, _ in READ.values()}


@pytest.mark.parametrize(("part", "digest"), READ.values(), ids=READ)
def test_gunicorn_has_not_changed(part: Any, digest: str) -> None:
    text = inspect.getsource(part)

    assert hashlib.sha256(text.encode()).hexdigest()[:12] == digest
