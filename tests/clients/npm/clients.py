"""Install the clients into a private folder of this project, and run them as their users do."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any, Self

HERE = Path(__file__).parent
FOLDER = Path(__file__).parents[3] / ".clients"
MODULES = FOLDER / "node_modules"
MANIFESTS = ("package.json", "package-lock.json")
MCP_BUNDLE = MODULES / "@sentry/mcp-server/dist/index.js"
OLDEST_NODE = 20
TIMEOUT_SECONDS = 60


class CannotRun(Exception):
    """The clients can't be run here; the message says why, and what to do."""


def need_node() -> None:
    """See that Node.js and npm are there.

    :raises CannotRun: they are missing or too old.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise CannotRun(f"there is no {program} on the PATH. Install Node.js {OLDEST_NODE} or later, with npm.")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        raise CannotRun(f"node is {version}. Install Node.js {OLDEST_NODE} or later.")


def install() -> None:
    """Install the pinned versions, unless they are there already.

    :raises CannotRun: Node.js or npm is missing or too old, or npm could not install them.
    """
    need_node()
    wanted = "".join((HERE / name).read_text() for name in MANIFESTS)
    installed = FOLDER / "installed"  # written last: an installation that was interrupted is begun again
    if installed.exists() and installed.read_text() == wanted:
        return
    FOLDER.mkdir(exist_ok=True)
    for name in MANIFESTS:
        shutil.copy(HERE / name, FOLDER)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if line.strip()), "it did not say why")
        raise CannotRun(f"npm could not install them ({why}). Try `{' '.join(command[:3])}` in {FOLDER.name}.")
    installed.write_text(wanted)


def asked_for(home: Path) -> Path:
    """Return the file with the names of other machines that clients with this home asked for, if they did."""
    return home / "asked-for"


class Runner:
    """Runs clients with no configuration but what it gives them, and a home of their own."""

    def __init__(self, address: str, token: str, home: Path) -> None:
        self.address, self.token, self.home = address, token, home

    def environment(self, **more: str) -> dict[str, str]:
        """Return the whole environment of a client."""
        guard = str(HERE / "only_here.cjs").replace("\\", "\\\\").replace('"', '\\"')
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TZ": "UTC",
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
            "NODE_OPTIONS": f'--require "{guard}"',
            "ASKED_FOR": str(asked_for(self.home)),
            **more,
        }


class Sentry(Runner):
    """The command line client that is called `sentry`."""

    def __call__(self, *words: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `sentry ...`, with that token or else the runner's; an empty one leaves it to what is logged in."""
        token = self.token if token is None else token
        credential = {"SENTRY_AUTH_TOKEN": token, "SENTRY_FORCE_ENV_TOKEN": "1"} if token else {}
        environment = self.environment(
            SENTRY_URL=self.address, SENTRY_CLI_NO_TELEMETRY="1", SENTRY_CLI_NO_UPDATE_CHECK="1", **credential
        )
        return subprocess.run(
            [MODULES / ".bin/sentry", *words],
            cwd=self.home,  # the client looks for a project in the folder that it is called in
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def says(self, *words: str, token: str | None = None) -> str:
        """Return what is printed by a command that succeeds."""
        done = self(*words, token=token)
        assert (done.returncode, "Error" in done.stderr) == (0, False), (done.stdout, done.stderr)
        return done.stdout

    def tells(self, *words: str) -> Any:
        """Return what a command that succeeds prints as JSON."""
        return json.loads(self.says(*words, "--json"))


class Mcp(Runner):
    """The MCP server that agents start and talk to: JSON-RPC over its stdin and stdout, a message in each line."""

    @contextmanager
    def started(self) -> Iterator[Self]:
        """Start it, and end it afterwards."""
        command: list[str | Path] = [
            MODULES / ".bin/sentry-mcp",
            f"--host={self.address.removeprefix('http://')}",
            "--insecure-http",
            f"--access-token={self.token}",
            "--sentry-dsn=",  # no telemetry
        ]
        self._ids = count()
        self._process = subprocess.Popen(
            command,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a warning that it was given no language model
            text=True,
        )
        deadline = Timer(TIMEOUT_SECONDS, self._process.kill)  # then reading its answers ends, too
        deadline.start()
        try:
            client = {"name": "tests", "version": "1"}
            self._ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
            self._send(method="notifications/initialized")
            yield self
        finally:
            self._process.communicate()  # it ends when its input does
            deadline.cancel()

    def says(self, tool: str, **arguments: object) -> str:
        """Return the text that an agent gets from a tool that succeeds."""
        answer = self._call(tool, arguments)
        assert "isError" not in answer, answer
        return str(answer["content"][0]["text"])

    def refuses(self, tool: str, **arguments: object) -> str:
        """Return the text that an agent gets from a tool that fails."""
        answer = self._call(tool, arguments)
        assert answer.get("isError") is True, answer
        return str(answer["content"][0]["text"])

    def _call(self, tool: str, arguments: dict[str, object]) -> dict[str, Any]:
        return self._ask("tools/call", name=tool, arguments=arguments)

    def _ask(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self._ids)
        self._send(id=number, method=method, params=params)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if message.get("id") == number:  # others are its notifications
                result: dict[str, Any] = message["result"]
                return result
        raise AssertionError("The MCP server ended without an answer.")

    def _send(self, **message: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function of @sentry/api gives back: ``data`` of a success, ``error`` of a refusal."""

    status: int
    data: Any = None
    error: Any = None


def schemas_of(names: Iterable[str]) -> dict[str, Any]:
    """Return JSON schemas of types that @sentry/api ships, by their names."""
    types = MODULES / "@sentry/api/dist/types.gen.d.ts"
    generator = MODULES / "ts-json-schema-generator/package.json"
    found: dict[str, Any] = json.loads(_printed(["node", HERE / "schemas.mjs", generator, types, *names]))
    return found


def faults_by_mcp(held: Sequence[tuple[str, Any]]) -> list[Any]:
    """Hold JSON against schemas of the MCP server, each by its name; return for each what is wrong with it."""
    found: list[Any] = json.loads(_printed(["node", HERE / "zod.mjs", MCP_BUNDLE], json.dumps(held)))
    return found


def _printed(command: Sequence[str | Path], words: str = "") -> str:
    """Return what a program prints that succeeds, and is told these words."""
    done = subprocess.run(
        command, input=words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, cwd=FOLDER
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


class SentryApi(Runner):
    """The API client that is generated from Sentry's own description of its API."""

    def __call__(self, function: str, **options: object) -> Answer:
        """Call a function with ``path``, ``query`` and ``body``, as far as it takes them."""
        asked = {"baseUrl": self.address, "token": self.token, "call": [function, options]}
        done = subprocess.run(
            ["node", HERE / "api.mjs", MODULES / "@sentry/api/dist/index.js"],
            env=self.environment(),
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return Answer(**json.loads(done.stdout))
