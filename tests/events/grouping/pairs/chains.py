"""Exceptions that others caused, and groups of exceptions."""

from typing import Any

from tests.events.grouping.pairs.building import Json, at, different, error, same, thrown

PAY = at("shop.cart", "pay")
SEND = at("shop.bank", "send")
RUN = at("shop.jobs", "run")
WRAPPER = thrown("PaymentFailed", "could not pay", PAY)


def member(type: str, frame: Json, number: int, parent: int = 0) -> Json:
    return thrown(type, "x", frame, mechanism={"type": "chained", "exception_id": number, "parent_id": parent})


def group(value: str = "2 sub-exceptions", frame: Json = RUN, type: str = "ExceptionGroup") -> Json:
    return thrown(type, value, frame, mechanism={"type": "generic", "exception_id": 0, "is_exception_group": True})


def browser(*chain: Json, **more: Any) -> Json:
    return error("javascript", *chain, **more)


PAIRS = (
    different(
        "another cause",
        error("python", thrown("Timeout", "x", SEND), WRAPPER),
        error("python", thrown("KeyError", "x", SEND), WRAPPER),
        "One wrapper for all mistakes would make one issue of all.",
        "getsentry/sentry-python#514",
        "getsentry/sentry#60184",
    ),
    different(
        "another wrapper",
        browser(
            thrown("NotAllowedError", "denied", at("audio", "play")), thrown("SoundError", "x", at("app", "sound"))
        ),
        browser(thrown("NotAllowedError", "denied", at("audio", "play")), thrown("LockError", "x", at("app", "lock"))),
        "One cause for two of the program's mistakes.",
        "getsentry/sentry#59679",
        "getsentry/sentry#64088",
    ),
    different(
        "with and without a cause",
        error("python", thrown("Timeout", "x", SEND), WRAPPER),
        error("python", WRAPPER),
        "It is another way to fail.",
        "getsentry/sentry#32358",
    ),
    same(
        "another value of the cause",
        error("python", thrown("Timeout", "after 30 s", SEND), WRAPPER),
        error("python", thrown("Timeout", "after 31 s", SEND), WRAPPER),
        "The cause has a stack; its words don't count.",
        "bugsink/bugsink#380",
    ),
    different(
        "another value of a cause that has no stack",
        error("go", thrown("*errors.errorString", "card refused"), thrown("*fmt.wrapError", "pay: card refused", PAY)),
        error("go", thrown("*errors.errorString", "no route"), thrown("*fmt.wrapError", "pay: no route", PAY)),
        "Go's errors are told by their words, wrapped ones, too.",
        "getsentry/raven-go#116",
    ),
    same(
        "a cause that comes twice",
        error("python", thrown("Timeout", "x", SEND), thrown("Timeout", "x", SEND), WRAPPER),
        error("python", thrown("Timeout", "x", SEND), WRAPPER),
        "It was thrown again on its way.",
        "getsentry/sentry-python#4111",
    ),
    same(
        "a group with another count in its words",
        error("python", member("ValueError", PAY, 1), member("KeyError", SEND, 2), group("jobs (2 sub-exceptions)")),
        error("python", member("ValueError", PAY, 1), member("KeyError", SEND, 2), group("jobs (3 sub-exceptions)")),
        "What a group holds tells it.",
        "getsentry/sentry#37716",
    ),
    same(
        "a group from another place",
        error("python", member("ValueError", PAY, 1), group(frame=RUN)),
        error("python", member("ValueError", PAY, 1), group(frame=at("shop.jobs", "nightly"))),
        "A group is a box around its members; whoever made it is not the mistake.",
        "getsentry/rfcs#79",
    ),
    different(
        "a group of other exceptions",
        browser(member("TypeError", PAY, 1), group("Failed to delete", type="AggregateError")),
        browser(member("RangeError", SEND, 1), group("Failed to delete", type="AggregateError")),
        "It can break on any of its parts.",
        "getsentry/sentry#62299",
    ),
    same(
        "a group with one of its members once more",
        error("python", member("ValueError", PAY, 1), member("ValueError", PAY, 2), group()),
        error("python", member("ValueError", PAY, 1), group()),
        "Ten tasks that fail in the same way are one mistake.",
        "getsentry/sentry-python#2025",
    ),
    different(
        "two groups whose members were not sent",
        browser(group("Hello", type="AggregateError", frame=PAY)),
        browser(group("Hello", type="AggregateError", frame=SEND)),
        "Then the group is all that there is.",
        "getsentry/sentry-javascript#15707",
    ),
    different(
        "a cause that an SDK took for a member",
        browser(member("UndefinedResponseBodyError", SEND, 1), thrown("RequestError", "x", PAY)),
        browser(member("UndefinedResponseBodyError", SEND, 1), thrown("InternalServerError", "x", PAY)),
        "Only what says that it is a group is left out.",
        "getsentry/sentry-javascript#10850",
    ),
)
