"""Whatever an event holds, it is read, and what is kept of it can be stored (contract 7.5)."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.meaning import unpack
from events.meaning.packing import as_json
from events.meaning.secrets import SECRET
from events.meaning.shapes import Event
from tests.events.meaning.asking import PEER, read_event

MOST = 1024**2
HIDDEN = "hunter2hunter2"
CARD = "4242 4242 4242 4242"

# As long as something may be, one less, and one more: of letters that have one byte, four, or a mark above them.
LIMITS = (32, 64, 200, 250, 256, 1_000, 1_024, 8_192)
at_limits = st.builds(
    lambda unit, most, more: (unit * (most + 1))[: most + more],
    st.sampled_from(["a", "\U0001f600", "e\u0301", "\u202e", " ", "9"]),
    st.sampled_from(LIMITS),
    st.integers(-1, 1),
)
texts = st.one_of(
    at_limits,
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(["", "\0", "\ud800", "{{auto}}", "{{ default }}", "latest", "%s %(a)s {}", "0000-01-01T00:00:00Z"]),
)
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 10**19, 10**63, 10**250, 10**300, 10**400, 10**1000, 10**4299, 4242424242424242]),
    st.sampled_from([1e300, float("inf"), float("nan"), -0.0, 5e-324, 1.5, -62135596801, 253402300799.5]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
keys = st.one_of(
    texts,
    st.sampled_from(
        [
            *("values", "type", "value", "module", "mechanism", "stacktrace", "raw_stacktrace", "frames", "synthetic"),
            *(
                "exception_id",
                "parent_id",
                "is_exception_group",
                "thread_id",
                "id",
                "current",
                "crashed",
                "name",
                "key",
            ),
            *("function", "filename", "abs_path", "lineno", "in_app", "vars", "pre_context", "context_line"),
            *("formatted", "message", "params", "username", "email", "ip_address", "headers", "blocked-uri", "sample"),
            *("effectiveDirective", "violated_directive", "document-uri"),
        ]
    ),
)
things = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)
FIELDS = [
    *("event_id", "timestamp", "level", "platform", "logger", "environment", "server_name", "dist", "transaction"),
    *("culprit", "release", "tags", "exception", "logentry", "message", "user", "fingerprint", "threads", "stacktrace"),
    *("breadcrumbs", "csp", "request", "contexts", "extra", "modules", "sdk", "errors", "type", "size", "title"),
    *("sentry.interfaces.Exception", "sentry.interfaces.Message", "sentry.interfaces.User"),
    *(
        "sentry.interfaces.Http",
        "sentry.interfaces.Stacktrace",
        "sentry.interfaces.Breadcrumbs",
        "sentry.interfaces.Csp",
    ),
]
events = st.dictionaries(st.sampled_from(FIELDS), things, max_size=10)


def held_by(value: Any) -> list[str]:
    """Return all texts in a value, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in held_by(part)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in held_by(item)]
    return []


def columns(event: Event) -> list[str]:
    return [
        *(event.level, event.platform, event.logger, event.environment, event.release),
        *(event.type, event.title, event.culprit, *held_by(event.metadata)),
    ]


def check(event: Event) -> None:
    assert unpack(event.packed) == event.data
    assert len(as_json(event.data)) <= MOST
    for text in (*held_by(event.data), *columns(event), event.user):
        assert "\0" not in text
        text.encode()  # a lone surrogate can't be
        assert len(text) <= 8192 + len("ip_address:")
    assert (len(event.title) <= 256, len(event.culprit) <= 200, event.title != "") == (True, True, True)
    assert max(map(len, (event.platform, event.logger, event.environment))) <= 64
    assert len(event.release) <= 250
    assert len(event.data.get("dist", "")) <= 64
    assert event.type in {"error", "csp", "default"}
    assert len(event.fingerprints) > 0
    assert event.seen_at.utcoffset() is not None
    assert all(isinstance(name, str) for name in event.data.get("errors", []))


# Whole events are dear to make up: make soak has 800 of each.
FEWER = settings(max_examples=settings().max_examples * 2 // 5)


@FEWER
@given(events)
@example({"exception": {"values": [{"type": "", "value": None, "stacktrace": {"frames": [{}]}}]}})
@example({"user": {"id": 10**1000}, "release": 10**1000, "dist": -(10**1000)})
@example({"release": 10**250})
@example({"dist": 10**64})
@example({"logentry": {"message": "%(a)s", "params": {"a": 10**1000}}})
def test_any_event_is_read_and_its_rest_can_be_stored(event: dict[str, Any]) -> None:
    check(read_event(event))


@FEWER
@given(st.dictionaries(texts, things, max_size=4), st.booleans())
def test_so_is_any_json(event: dict[str, Any], keep_addresses: bool) -> None:
    check(read_event(event, event_id=None, keep_addresses=keep_addresses))


@FEWER
@given(events)
def test_reading_twice_gives_the_same_and_changes_nothing(event: dict[str, Any]) -> None:
    before = json.dumps(event)

    first, second = read_event(event), read_event(event)

    assert first == second
    assert json.dumps(event) == before


secret_keys = st.builds(
    lambda before, word, after: before + word + after,
    st.sampled_from(["", "x-", "my_", "'"]),
    st.sampled_from([*SECRET, *(word.upper() for word in SECRET), "Api-Key", "private_key", "SESSION_ID"]),
    st.sampled_from(["", "s", "_2", "'"]),
)
hidden = st.one_of(st.just(HIDDEN), st.lists(st.just(HIDDEN)), st.dictionaries(texts, st.just(HIDDEN), max_size=2))
# Where a secret may stand: under its key, in a pair, in a query string, as a card in a text.
secrets = st.one_of(
    st.dictionaries(secret_keys, hidden, min_size=1, max_size=2),
    st.lists(st.tuples(secret_keys, hidden).map(list), min_size=1, max_size=2),
    secret_keys.map(lambda key: f"a=1&{key}={HIDDEN}&b=2"),
    secret_keys.map(lambda key: json.dumps({key: HIDDEN, "n": 1})),
    secret_keys.map(lambda key: repr({key: HIDDEN, "n": 1})),
    st.sampled_from([CARD, f"paid with {CARD}", f"'{CARD.replace(' ', '-')}'", int(CARD.replace(" ", ""))]),
)
with_secrets = st.recursive(
    secrets,
    lambda inner: st.lists(st.one_of(inner, scalars), max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@FEWER
@given(st.dictionaries(st.sampled_from([name for name in FIELDS if name != "event_id"]), with_secrets, max_size=8))
def test_no_secret_is_kept(event: dict[str, Any]) -> None:
    found = read_event(event)

    for text in (*held_by(found.data), *columns(found)):
        assert HIDDEN not in text
        assert CARD.replace(" ", "") not in text.replace(" ", "").replace("-", "")
    assert PEER not in json.dumps(found.data)
