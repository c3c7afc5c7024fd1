"""Images, made once; what takes longest is kept in a folder of this checkout for the next run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.composition import Network, network
from tests.containers.dockerfile import ROOT, Builder, CannotRun, Image, need

FOLDER = ROOT / ".data" / "containers"


@pytest.fixture(scope="session")
def builder() -> Builder:
    try:
        need()
    except CannotRun as error:
        pytest.fail(str(error), pytrace=False)
    FOLDER.mkdir(parents=True, exist_ok=True)
    return Builder(FOLDER)


@pytest.fixture(scope="session")
def images(builder: Builder) -> dict[str, Image]:
    found = builder.build()
    for image in found.values():
        (image.root / "etc/hosts").write_text("127.0.0.1 localhost web counter pgbouncer database\n")
    return found


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Network]:
    with network(tmp_path) as found:
        yield found
