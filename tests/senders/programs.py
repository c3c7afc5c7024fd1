"""The programs: each sends one error, with its cause, and one message; both of user 42, with the tag pump=3.

SENTRY_DSN, SENTRY_RELEASE and SENTRY_ENVIRONMENT tell where to, the release and the environment, as SDKs know them.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.senders import installing
from tests.senders.installing import HERE

RELEASE, ENVIRONMENT = "pump-station@1.2.3", "production"
SENTRY_CLI = Path(sys.executable).with_name("sentry-cli")
FILES = HERE / "sentry_cli"
TIMEOUT_SECONDS = 60

Commands = Sequence[Sequence[str | Path]]


@dataclass(frozen=True)
class Program:
    """A program and its SDK.

    :ivar prepare: installs what it needs, and returns the commands to run, one after the other.
    :ivar error: the title of its error.
    :ivar exceptions: how many of the error's chain the SDK tells.
    """

    name: str
    prepare: Callable[[], Commands]
    error: str = "PumpError: pump 3 lost suction"
    exceptions: int = 2

    def run(self, dsn: str, home: Path) -> None:
        """Run it once, with no configuration but its environment.

        :raises CannotRun: it can't be installed here.
        """
        for command in self.prepare():
            done = subprocess.run(
                command,
                cwd=home,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(home),
                    "NO_PROXY": "127.0.0.1,localhost",
                    "SENTRY_DSN": dsn,
                    "SENTRY_RELEASE": RELEASE,
                    "SENTRY_ENVIRONMENT": ENVIRONMENT,
                },
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)


def _sentry_sdk() -> Commands:
    return [[sys.executable, HERE / "python/sentry_sdk_for_python.py"]]


def _raven_for_python() -> Commands:
    library = installing.raven_for_python()
    return [["env", f"PYTHONPATH={library}", sys.executable, HERE / "python/raven_for_python.py"]]


def _node() -> Commands:
    return [["node", installing.from_npm() / "node.mjs"]]


def _raven_for_node() -> Commands:
    return [["node", installing.from_npm() / "raven.cjs"]]


def _browser(*options: str) -> Commands:
    return [[sys.executable, HERE / "javascript/in_chromium.py", installing.bundled(), *options]]


def _go() -> Commands:
    return [[installing.go_program()]]


def _sentry_for_ruby() -> Commands:
    installing.for_ruby("sentry-ruby")
    return [["ruby", HERE / "ruby/sentry_for_ruby.rb"]]


def _raven_for_ruby() -> Commands:
    installing.for_ruby("raven")
    return [["ruby", HERE / "ruby/raven_for_ruby.rb"]]


def _send_event(*options: str) -> Commands:
    return [[SENTRY_CLI, "send-event", *options, FILES / name] for name in ("error.json", "message.json")]


def _send_event_of_words() -> Commands:
    words = ["-m", "The pump has stopped", "-u", "id:42", "-t", "pump:3"]
    return [_send_event()[0], [SENTRY_CLI, "send-event", *words]]


def _send_envelope() -> Commands:
    return [[SENTRY_CLI, "send-envelope", FILES / name] for name in ("error.envelope", "message.envelope")]


SENTRY_SDK = Program("sentry-sdk", _sentry_sdk)
OTHERS = [
    Program("raven for Python", _raven_for_python),
    Program("@sentry/node", _node),
    Program("raven for Node.js", _raven_for_node, exceptions=1),
    Program("@sentry/browser", _browser),
    Program("@sentry/browser with a preflight", lambda: _browser("--header")),
    Program("sentry-go", _go, error="*main.PumpError: pump 3 lost suction"),
    Program("sentry-ruby", _sentry_for_ruby),
    Program("raven for Ruby", _raven_for_ruby),
    Program("sentry-cli send-event", _send_event_of_words),
    Program("sentry-cli send-event --raw", lambda: _send_event("--raw")),
    Program("sentry-cli send-envelope", _send_envelope),
]
