"""Stacks that go from one language into another: each frame is read by the platform that it tells, else the event's."""

from typing import Any

import pytest

from events.meaning.grouping.places import crashing, is_own, places
from events.meaning.shapes import Frame
from events.reading.shaping import shape
from tests.events.grouping.reading import AT, fingerprint_of, read_event

PAY = Frame(filename="/srv/cart.js", function="pay")
BRIDGE = Frame(function="facebook::jsi::call", package="/data/app/shop/lib/arm64/libshop.so", platform="native")
ART = Frame(function="art::Invoke", package="/apex/com.android.art/lib64/libart.so", platform="native")
LOOPER = Frame(module="android.os.Looper", function="loop", platform="java")
LAMBDA = Frame(module="com.shop.Cart$$Lambda$30/2081171245", function="run", platform="java")


@pytest.mark.parametrize(
    ("frame", "its_own"),
    [(PAY, True), (BRIDGE, True), (ART, False), (LOOPER, False), (LAMBDA, True), (ART._replace(in_app=True), True)],
)
def test_a_frame_is_the_programs_by_its_own_platform(frame: Frame, its_own: bool) -> None:
    assert is_own(frame, "javascript") == its_own
    assert is_own(frame._replace(platform=""), frame.platform or "javascript") == its_own


def test_a_place_is_named_by_the_platform_of_its_frame() -> None:
    short = Frame(filename="a.c", function="up", platform="native")

    assert places([PAY, BRIDGE, ART, LOOPER, LAMBDA, short], "javascript") == [
        ("cart.js", "pay"),
        ("", "facebook::jsi::call"),
        ("com.shop.Cart$$Lambda", "run"),
        ("a.c", "up"),  # a minifier of the web would have given such a name
    ]
    assert places([short._replace(platform="")], "javascript") == [("a.c", "")]


def test_what_an_engine_makes_up_is_left_out_of_its_own_frames_alone() -> None:
    native = Frame(filename="<anonymous>", function="eval", platform="native")

    assert places([PAY, native._replace(platform="")], "javascript") == [("cart.js", "pay")]
    assert places([PAY, native], "javascript") == [("cart.js", "pay"), ("<anonymous>", "eval")]


def test_what_starts_a_thread_is_left_out_where_its_frames_are_native() -> None:
    clone = Frame(function="clone3", platform="native")
    work = Frame(module="shop", function="Cart.pay")

    assert places([clone, work], "csharp") == [("shop", "Cart.pay")]
    assert places([clone._replace(platform=""), work], "csharp") == [("", "clone3"), ("shop", "Cart.pay")]
    assert places([clone._replace(platform="java"), work], "native") == [("", "clone3"), ("shop", "Cart.pay")]


def test_it_crashed_in_the_programs_own_frame() -> None:
    assert crashing([PAY, BRIDGE, ART], "javascript") == BRIDGE
    assert crashing([PAY, ART, LOOPER], "javascript") == PAY


FRAMES: list[dict[str, Any]] = [
    {"function": "pay", "filename": "app:///cart.js"},
    {"function": "art::Invoke", "package": "/apex/com.android.art/lib64/libart.so", "platform": "native"},
    {"function": "loop", "module": "android.os.Looper", "platform": "java"},
    {"function": "run", "filename": "/srv/node_modules/a.js"},
    {"function": "f", "filename": "/srv/site-packages/a.py", "platform": "klingon"},
]


@pytest.mark.parametrize("platform", ["javascript", "native", "java", "python", ""])
def test_answers_say_what_fingerprints_are_made_by(platform: str) -> None:
    body = {"platform": platform, "exception": {"type": "E", "stacktrace": {"frames": FRAMES}}}
    event = read_event(body)
    shown = shape(
        event.data,
        project_id=1,
        issue_id=None,
        event_id=event.id,
        fingerprint=event.fingerprints[0],
        seen_at=AT,
        received_at=AT,
    )
    marked = [
        {**sent, "in_app": frame.in_app}
        for sent, frame in zip(FRAMES, shown.entries.exceptions[0].stack.frames, strict=True)
    ]

    assert fingerprint_of({**body, "exception": {"type": "E", "stacktrace": {"frames": marked}}}) == fingerprint_of(
        body
    )
    assert len({frame["in_app"] for frame in marked}) == 2
