"""Where and when it happened, to whom, and how bad it was, never makes an issue of its own (contract 7.6)."""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.meaning.grouping import fingerprints
from events.meaning.shapes import Csp, Frame, Subject, Thrown
from tests.events.grouping.pairs import PAIRS
from tests.events.grouping.reading import fingerprint_of

# What an event asks for by a fingerprint of its own does count.
EVENTS = [pair.one for pair in PAIRS if not pair.is_of_security and "fingerprint" not in pair.one]
EVENTS_OF_A_STACK = [event for event in EVENTS if "'filename'" in str(event)]

names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
around = st.fixed_dictionaries(
    {},
    optional={
        "level": st.sampled_from(["debug", "info", "warning", "error", "fatal", 40]),
        "user": st.fixed_dictionaries({"id": names, "ip_address": st.just("{{auto}}")}),
        "tags": st.dictionaries(names, names, max_size=3),
        "environment": names,
        "release": st.from_regex(r"\Ashop@\d{1,3}\.\d{1,3}\.\d{1,3}\Z"),
        "dist": names,
        "server_name": names,
        "logger": names,
        "timestamp": st.integers(1_700_000_000, 1_900_000_000),
        "transaction": names,
        "extra": st.dictionaries(names, st.integers(), max_size=3),
        "contexts": st.dictionaries(names, st.fixed_dictionaries({"version": names}), max_size=2),
        "breadcrumbs": st.fixed_dictionaries(
            {"values": st.lists(st.fixed_dictionaries({"message": names}), max_size=3)}
        ),
        "request": st.fixed_dictionaries({"url": names.map("https://shop.example/{}".format)}),
        "modules": st.dictionaries(names, names, max_size=2),
        "sdk": st.fixed_dictionaries({"name": names, "version": names}),
        "event_id": st.uuids().map(lambda id: id.hex),
    },
)


# What is around is dear to make up: make soak has 800 of these.
@settings(max_examples=settings().max_examples * 2 // 5)
@given(st.sampled_from(EVENTS), around)
def test_what_stands_around_an_event(event: dict[str, Any], around: dict[str, Any]) -> None:
    if not event.keys() & {"exception", "message", "logentry", "sentry.interfaces.Message", "threads"}:
        around.pop("transaction", None)  # all that is known of it

    assert fingerprint_of(event | around) == fingerprint_of(event)


directories = st.lists(names, max_size=4).map(lambda parts: "/".join(["/srv", *parts]))
lines = st.fixed_dictionaries(
    {"lineno": st.integers(1, 10_000), "colno": st.integers(0, 100_000)},
    optional={
        "context_line": st.text(max_size=20),
        "pre_context": st.lists(names, max_size=3),
        "post_context": st.lists(names, max_size=3),
        "vars": st.dictionaries(names, names, max_size=3),
        "instruction_addr": st.integers(0, 2**48).map(hex),
    },
)


def frames_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        frame
        for exception in event["exception"]["values"]
        for frame in exception.get("stacktrace", {}).get("frames", ())
    ]


@given(st.sampled_from(EVENTS_OF_A_STACK), directories, st.data())
def test_lines_columns_and_directories(event: dict[str, Any], directory: str, data: st.DataObject) -> None:
    moved = deepcopy(event)
    for frame in frames_of(moved):
        frame |= data.draw(lines)
        if "in_app" in frame and "filename" in frame:  # else the directory says whose it is
            frame["filename"] = f"{directory}/{frame['filename'].replace(chr(92), '/').rpartition('/')[2]}"
            frame["abs_path"] = f"/var{frame['filename']}"

    assert fingerprint_of(moved) == fingerprint_of(event)


# ---------------------------------------------------------------------------------------------------------------------
# Any event at all
# ---------------------------------------------------------------------------------------------------------------------

texts = st.text(max_size=30)
platforms = st.sampled_from(
    ["python", "javascript", "node", "java", "ruby", "php", "go", "rust", "csharp", "other", ""]
)
frames = st.lists(st.builds(Frame, texts, texts, texts, st.none() | st.booleans(), texts), max_size=4).map(tuple)
numbers = st.none() | st.integers(0, 4)
exceptions = st.builds(
    Thrown,
    type=texts,
    value=texts,
    frames=frames,
    is_synthetic=st.booleans(),
    is_group=st.booleans(),
    id=numbers,
    parent=numbers,
)
wishes = st.lists(
    texts | st.sampled_from(["{{ default }}", "{{ type }}", "{{ tags.a }}", "{{ function }}"]), max_size=3
)
subjects = st.builds(
    Subject,
    platform=platforms,
    transaction=texts,
    fingerprint=st.none() | wishes.map(tuple),
    exceptions=st.lists(exceptions, max_size=4).map(tuple),
    message=texts,
    template=texts,
    has_params=st.booleans(),
    csp=st.none() | st.builds(Csp, texts, texts, texts, texts, texts),
    stack=frames,
    tags=st.dictionaries(texts, texts, max_size=2),
)


@given(subjects)
def test_any_event_has_a_fingerprint_and_always_the_same(subject: Subject) -> None:
    assert len(fingerprints(subject)) == 1
    assert fingerprints(deepcopy(subject)) == fingerprints(subject)
