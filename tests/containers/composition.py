"""What compose.yaml says, and its services as processes, in a network of their own that has loopback alone.

The name of a service is a name of 127.0.0.1 there. PostgreSQL's own image can't be had without a registry: Debian's
PostgreSQL, set up by the same environment, stands for it.
"""

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.containers.dockerfile import PATH, ROOT, Image, inside

PATIENCE = 120  # seconds
UP = """
import fcntl, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS: up and running
print("up", flush=True)
sys.stdin.read()
"""


class NoDuplicates(yaml.SafeLoader):
    """YAML in which a key stands once; Compose refuses such a file, and PyYAML takes the last one."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        self.flatten_mapping(node)
        return super().construct_mapping(node, deep)


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services, with these variables of .env in their places, as Compose puts them there."""
    read = yaml.load((ROOT / "compose.yaml").read_text(), Loader=NoDuplicates)  # a safe loader

    def filled(found: re.Match[str]) -> str:
        name, kind, word = found[1], found[2], found[3]
        assert kind != ":?" or variables.get(name), f"{name}: {word}"
        return variables.get(name) or (word if kind == ":-" else "")

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [fill(one) for one in value]
        return re.sub(r"\$\{([A-Z_]+)(?:(:[?-])([^}]*))?\}", filled, value) if isinstance(value, str) else value

    found: dict[str, dict[str, Any]] = fill(read["services"])
    return found


class Network:
    """A network of loopback alone, and what runs in it."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.holder = subprocess.Popen(
            ["unshare", "--net", "python3", "-c", UP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.holder.stdout
        assert self.holder.stdout.readline() == "up\n"
        self.containers: list[Container] = []

    def command(self, words: Sequence[str]) -> list[str]:
        """Return what runs in this network."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *words]

    def ask(self, *words: str) -> str:
        """Return what curl, of this machine, is answered in this network."""
        done = subprocess.run(
            self.command(["curl", "--silent", "--show-error", "--max-time", "30", *words]),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout or done.stderr

    def end(self) -> None:
        """Kill what still runs."""
        for container in self.containers:
            container.kill()
        self.holder.communicate()


class Container:
    """The program of an image, with what Compose or `docker run` sets."""

    def __init__(
        self,
        network: Network,
        name: str,
        image: Image,
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        read_only: bool = True,
        tmpfs: Sequence[str] = ("/tmp",),
        volumes: Sequence[str] = (),
    ) -> None:
        self.network, self.image = network, image
        self.environment = {**image.environment, **(environment or {}), "PATH": PATH, "HOME": "/tmp"}
        self.settings: dict[str, Any] = {
            "user": user or image.user,
            "read_only": read_only,
            "tmpfs": [one.partition(":")[0] for one in tmpfs],
            "volumes": volumes,
        }
        self.log = network.logs / f"{name}.log"
        self.process = self._begin([*image.entrypoint, *(image.command if command is None else command)])
        network.containers.append(self)

    def _begin(self, words: Sequence[str]) -> "subprocess.Popen[str]":
        with self.log.open("a") as log:
            return subprocess.Popen(
                self.network.command(inside(self.image, words, **self.settings)),
                env=self.environment,
                stdout=log,
                stderr=log,
                text=True,
            )

    @property
    def first(self) -> int:
        """Its first process, as this machine numbers it; 0 while there is none."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def check(self, words: Sequence[str]) -> bool:
        """Return whether a health check, run in there as Docker runs it, says yes."""
        first = self.first
        if not first:
            return False
        into = ["--mount", "--net", "--pid", "--root", f"--wdns={self.image.workdir}"]
        done = subprocess.run(
            ["nsenter", f"--target={first}", *into, *words], env=self.environment, capture_output=True, check=False
        )
        return done.returncode == 0

    def ends(self) -> int:
        """Wait for its end; return how it ended."""
        return self.process.wait(PATIENCE)

    def stop(self, seconds: float = PATIENCE) -> int:
        """Send its stop signal, and return how it ended; it must in time."""
        os.kill(self.first, getattr(signal, self.image.stop_signal))
        return self.process.wait(seconds)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()  # and with it all in there
            self.process.wait(PATIENCE)

    def said(self) -> str:
        return self.log.read_text()


def of_service(
    network: Network,
    name: str,
    image: Image,
    service: Mapping[str, Any],
    *,
    command: Sequence[str] | None = None,
    **more: Any,
) -> Container:
    """Start a service as compose.yaml has it."""
    assert service["cap_drop"] == ["ALL"]
    words = command if command is not None else service.get("command")
    return Container(
        network,
        name,
        image,
        command=shlex.split(words) if isinstance(words, str) else words,
        environment=service["environment"],
        read_only=service["read_only"],
        tmpfs=service["tmpfs"],
        **more,
    )


def wait_until(condition: Callable[[], bool], what: str, containers: Sequence[Container] = ()) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        said = "\n".join(container.said()[-1500:] for container in containers)
        assert time.monotonic() < deadline, f"In vain until {what}: {said}"
        assert all(container.process.poll() is None for container in containers), said
        time.sleep(0.2)


@contextmanager
def network(logs: Path) -> Iterator[Network]:
    found = Network(logs)
    try:
        yield found
    finally:
        found.end()
