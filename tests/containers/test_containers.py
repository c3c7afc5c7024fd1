"""What Dockerfile makes starts, migrates, serves and answers the published example, as nobody but the image's own user
and with nothing to write to but its data; so do the services of compose.yaml, together.
"""

import json
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.containers.composition import Container, Network, of_service, services, wait_until
from tests.containers.dockerfile import Builder, Image

pytestmark = pytest.mark.containers

KEY = "5" * 32
ENV = {
    "DATABASE_PASSWORD": "d" * 64,
    "SECRET_KEY": "0123456789abcdef" * 4,
    "ALLOWED_HOSTS": "issues.example.com",
    "BASE_URL": "https://issues.example.com",
}
PUMP_STATION = "the-interstellar-jurisdiction/pump-station"
EXAMPLE = f"http://127.0.0.1:8000/api/0/projects/{PUMP_STATION}/issues/?id=1&id=2"
SEEDS = (
    ["migrate", "--verbosity=0"],
    ["seed_projects", "--api-key", KEY],
    ["seed_issues", "--verbosity=0", "--project", PUMP_STATION, "--count", "2"],
)
# Debian's PostgreSQL, by what the environment of the official image says.
POSTGRESQL = """
set -e
bin=/usr/lib/postgresql/15/bin data=/var/lib/postgresql/data
if ! test -d $data; then
    umask 077; printf %s "$POSTGRES_PASSWORD" > /tmp/password
    $bin/initdb -D $data -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 -E UTF8 --locale=C.UTF-8 >/dev/null
    echo 'host all all all scram-sha-256' >> $data/pg_hba.conf
    echo "CREATE DATABASE $POSTGRES_USER" | $bin/postgres --single -D $data postgres >/dev/null
fi
exec "$bin/$@" -D $data -c listen_addresses='*' -c unix_socket_directories=/tmp
"""


@pytest.fixture
def image(images: dict[str, Image]) -> Image:
    return images[""]


def folder_of(path: Path, user: str, image: Image) -> Path:
    """Return a new folder that belongs to a user of the image, as a volume does."""
    path.mkdir(mode=0o700)
    (line,) = (
        line.split(":")
        for line in (image.root / "etc/passwd").read_text().splitlines()
        if user in line.split(":")[0:3:2]
    )
    os.chown(path, int(line[2]), int(line[3]))
    return path


def put_the_example(net: Network, *headers: str) -> tuple[str, str]:
    """Return the status and the body of what the published request is answered."""
    answer = net.ask(
        *("--include", "--request", "PUT", "--user", f"{KEY}:", "--header", "Content-Type: application/json"),
        *(word for header in headers for word in ("--header", header)),
        *("--data", '{"status": "unresolved", "isPublic": false}', EXAMPLE),
    )
    head, _, body = answer.replace("\r", "").partition("\n\n")
    return head.splitlines()[0], body


PUBLISHED = ("HTTP/1.1 200 OK", '{"status": "unresolved", "isPublic": false, "statusDetails": {}}')


def test_has_no_more_than_it_needs(image: Image) -> None:
    home = image.root / "srv/issuetracker"

    assert (home / "manage.py").exists()
    assert [name for name in (".git", ".data", ".env", ".clients") if (home / name).exists()] == []
    assert image.user not in {"root", "0"}
    assert image.environment == {"DATA_DIR": "/var/lib/issuetracker"}  # no secret among them


def test_serves_by_itself_and_writes_to_its_data_alone(image: Image, net: Network, tmp_path: Path) -> None:
    data = folder_of(tmp_path / "data", image.user, image)
    volumes = [f"{data}:{where}" for where in image.volumes]
    for words in SEEDS:
        command = Container(net, words[0], image, command=words, volumes=volumes)
        assert command.ends() == 0, command.said()

    service = Container(net, "service", image, volumes=volumes)
    wait_until(lambda: net.ask("http://127.0.0.1:8000/readyz") == '{"status": "ready"}', "it is ready", [service])

    assert put_the_example(net) == PUBLISHED
    assert re.search(r"^Uid:\s+10001\s", Path(f"/proc/{service.first}/status").read_text(), re.MULTILINE)
    assert service.check(["touch", "/var/lib/issuetracker/written"])
    assert not service.check(["touch", "/srv/issuetracker/written"])
    assert service.stop(40) == 0, service.said()


def database_of(builder: Builder, net: Network, tmp_path: Path, service: dict[str, Any]) -> Container:
    image = Image(
        builder.debian_with("postgresql", ["postgresql-15"]),
        user="postgres",
        entrypoint=["sh", "-c", POSTGRESQL, "sh"],
        stop_signal="SIGINT",
    )
    (volume,) = service["volumes"]
    data = folder_of(tmp_path / "database", "postgres", image)
    return Container(
        net,
        "database",
        image,
        command=service["command"].split(),
        environment=service["environment"],
        read_only=False,
        volumes=[f"{data}:{volume.partition(':')[2]}"],
    )


def healthy(container: Container, service: dict[str, Any]) -> None:
    """Return when the health check of compose.yaml says so."""
    kind, *words = service["healthcheck"]["test"]
    assert kind == "CMD"
    wait_until(lambda: container.check(words), f"{words[0]} says that it is healthy", [container])


def test_compose_has_what_serves_and_what_counts_behind_pgbouncer(
    builder: Builder, images: dict[str, Image], net: Network, tmp_path: Path
) -> None:
    composed = services(ENV)
    database = database_of(builder, net, tmp_path, composed["database"])
    healthy(database, composed["database"])

    def manage(*words: str) -> str:
        name = f"manage-{time.monotonic_ns()}"
        command = of_service(net, name, images[""], composed["manage"], command=words)
        assert command.ends() == 0, command.said()
        return command.said()

    for words in SEEDS:
        manage(*words)
    dsn = manage("create_client_key", "--project", PUMP_STATION)

    pgbouncer = of_service(net, "pgbouncer", images["pgbouncer"], composed["pgbouncer"])
    healthy(pgbouncer, composed["pgbouncer"])
    web = of_service(net, "web", images[""], composed["web"])
    counter = of_service(net, "counter", images[""], composed["counter"])
    healthy(web, composed["web"])

    host = f"Host: {ENV['ALLOWED_HOSTS']}"
    assert put_the_example(net, host) == PUBLISHED
    assert titles(net, host) != ["A pump of a container has stopped"]
    send(net, dsn, host, "A pump of a container has stopped")
    wait_until(lambda: "A pump of a container has stopped" in titles(net, host), "it is counted", [counter])
    assert "login attempt: db=issuetracker user=issuetracker" in pgbouncer.said()
    for container in (web, counter, pgbouncer):
        assert not re.search(r"^Uid:\s+0\s", Path(f"/proc/{container.first}/status").read_text(), re.MULTILINE)
        assert not container.check(["touch", "/written"])

    assert [container.stop(40) for container in (web, counter)] == [0, 0], web.said() + counter.said()
    assert pgbouncer.stop(10) == 0, pgbouncer.said()
    assert database.stop(60) == 0, database.said()
    assert ENV["DATABASE_PASSWORD"] not in "".join(one.said() for one in (web, counter, pgbouncer, database))


def send(net: Network, dsn: str, host: str, message: str) -> None:
    found = re.search(r"//(?P<key>\w+)@[^/]+/(?P<project>\d+)", dsn)
    assert found, dsn
    url = f"http://127.0.0.1:8000/api/{found['project']}/store/?sentry_key={found['key']}"
    answer = net.ask("--header", host, "--data", json.dumps({"message": message}), url)
    assert list(json.loads(answer)) == ["id"]


def titles(net: Network, host: str) -> Sequence[str]:
    url = EXAMPLE.partition("?")[0]
    return [issue["title"] for issue in json.loads(net.ask("--user", f"{KEY}:", "--header", host, url))]
