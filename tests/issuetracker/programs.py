"""Small programs that use the embedded PostgreSQL."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import ROOT, folder

BACKEND_ONLY = f"""
import os, sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(
    BASE_DIR=Path({str(ROOT)!r}), DATA_DIR=os.environ["DATA_DIR"], USE_TZ=True,
    DATABASES={{"default": {{"ENGINE": "issuetracker.postgres", "NAME": "issuetracker"}}}},
)
django.setup()
from django.db import connection

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()[0][0] if cursor.description else None

def say(*words):
    print(*words, flush=True)
"""

STAY = """
ask("SELECT 1"); say("ready"); sys.stdin.readline()
"""


class Program(subprocess.Popen[str]):
    """A Python program that has the backend; a dialogue over its standard input and output."""

    def __init__(self, data: Path, body: str, **environment: str) -> None:
        super().__init__(
            [sys.executable, "-c", BACKEND_ONLY + body],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(data), "PYTHONWARNINGS": "error"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def go_on(self) -> None:
        """Let it read the line that it waits for."""
        assert self.stdin
        self.stdin.write("\n")
        self.stdin.flush()

    def hears(self) -> str:
        """Return the next line that the program says; nothing when it has died, or had to be killed for its silence."""
        assert self.stdout
        silence = threading.Timer(120, self.kill)
        silence.start()
        try:
            return self.stdout.readline().strip()
        finally:
            silence.cancel()

    def ends(self) -> str:
        """Let the program go on to its end, which must be a good one; return the rest of what it said."""
        said, complaints = self.communicate("\n", timeout=120)
        assert (self.returncode, complaints) == (0, "")
        return said.strip()

    def dies(self) -> None:
        """Kill -9."""
        self.kill()
        self.communicate(timeout=120)


@pytest.fixture
def data() -> Iterator[Path]:
    with folder("data") as path:
        yield path


def run(data: Path, body: str, **environment: str) -> str:
    return Program(data, body, **environment).ends()


def refusal(data: Path, **environment: str) -> str:
    """Return the sentence with which a program is refused."""
    return run(
        data,
        """
from django.core.exceptions import ImproperlyConfigured
try:
    ask("SELECT 1")
except ImproperlyConfigured as error:
    say(error)
""",
        **environment,
    )
