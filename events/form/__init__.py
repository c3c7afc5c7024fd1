"""From what came over the wire to JSON objects: encodings, framing, keys, refusals (contract 7.2 to 7.4).

Pure: nothing here knows what an event means, a model, a setting, a clock, or Django. A view gives plain values::

    body = decoded(stream, content_encoding, limits)      # reads nothing yet
    envelope = Envelope(body, limits)
    key = read_key(x_sentry_auth=..., query=..., authorization=..., dsn=lambda: envelope.header.get("dsn"))
    ...                                                   # checks 3 and 4: whose key it is, and its limit
    posted = envelope.read()                              # or read_store(body, limits), read_reports(body, limits)
"""

from events.form.encodings import Readable, decoded
from events.form.envelopes import Envelope, is_envelope
from events.form.keys import read_key
from events.form.posted import Posted
from events.form.reports import read_reports
from events.form.sizes import Sizes
from events.form.stores import read_store

__all__ = [
    "Envelope",
    "Posted",
    "Readable",
    "Sizes",
    "decoded",
    "is_envelope",
    "read_key",
    "read_reports",
    "read_store",
]
