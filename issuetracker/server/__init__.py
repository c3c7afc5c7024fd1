"""The HTTP server: no client, whatever it sends or doesn't, keeps another one from its answer.

``manage.py serve`` and ``manage.py demo`` call ``listen()`` first, so that a port in use is known before anything else
starts, and ``serve()`` last. Both run in the calling process, gunicorn's master; workers are forked from it. In each,
one loop reads requests whole and sends answers (``loop.py``), and some threads compute. Whatever is refused before
Django sees it is JSON, too (``refusals.py``). gunicorn is known in one file (``on_gunicorn.py``).

What is named here is all that the rest of the service uses of it; the import contracts see to that.
"""

from issuetracker.server.limits import LARGE_BODY_ADDRESSES
from issuetracker.server.listening import CannotListen, listen
from issuetracker.server.on_gunicorn import Server, Unread
from issuetracker.server.refusals import BodyTooLong, LimitRequestHeaders, LimitRequestLine, RequestTimeout
from issuetracker.server.serving import serve

__all__ = [
    "LARGE_BODY_ADDRESSES",
    "BodyTooLong",
    "CannotListen",
    "LimitRequestHeaders",
    "LimitRequestLine",
    "RequestTimeout",
    "Server",
    "Unread",
    "listen",
    "serve",
]
