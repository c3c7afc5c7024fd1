"""Taking an address, before anything else is started."""

import errno
import os
import socket


class CannotListen(Exception):
    """The address can't be had; the message is one sentence for the person who started the server."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address. Who connects before ``serve()`` waits, and is served then.

    "::" is all addresses, those of IPv4 too; Python would leave these out.

    :raises CannotListen: the port is in use, reserved, or the host is no address of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        takes_both = address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address[:2], family=family, backlog=2048, dualstack_ipv6=takes_both)
    except socket.gaierror as error:
        raise CannotListen(f"There is no host named {host}; try 127.0.0.1, or 0.0.0.0 for all addresses.") from error
    except PermissionError as error:
        raise CannotListen(f"Only root may listen on port {port}; choose one above 1023, e.g. PORT=8001.") from error
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had ({os.strerror(error.errno or 0)})"
        raise CannotListen(f"Port {port} of {host} {reason}; end what listens there, or choose another.") from error
