"""Connections on which nothing is answered in time."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from struct import pack

from projects.database.watching import watched


@contextmanager
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield both ends of a connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as near,
        closing(server.accept()[0]) as far,
    ):
        yield near, far


def test_one_that_was_broken_off_meanwhile_leaves_the_others_watched() -> None:
    with (
        connected() as (broken, its_server),
        connected() as (silent, _),
        watched(broken, 0.2),
        watched(silent, 0.4) as wait,
    ):
        its_server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        its_server.close()  # with a reset: nothing is left to be cut
        silent.settimeout(5)

        assert silent.recv(1) == b""

    assert wait.is_cut
