"""Events as SDKs send them, in few words; and pairs of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """Two events, and whether they are one issue."""

    what: str
    verdict: Literal["same", "different"]
    one: Json
    other: Json
    because: str
    threads: tuple[str, ...]  # where people asked for it, or for the opposite

    @property
    def is_of_security(self) -> bool:
        """Whether a browser posts it to `/security/`, and not an SDK to `/envelope/`."""
        return "csp-report" in self.one


def same(what: str, one: Json, other: Json, because: str, *threads: str) -> Pair:
    return Pair(what, "same", one, other, because, threads)


def different(what: str, one: Json, other: Json, because: str, *threads: str) -> Pair:
    return Pair(what, "different", one, other, because, threads)


# ---------------------------------------------------------------------------------------------------------------------
# Bodies
# ---------------------------------------------------------------------------------------------------------------------


def at(module: str | None, function: str | None, *, in_app: bool | None = True, **more: Any) -> Json:
    """Return a frame of a language whose SDK names modules."""
    return {"module": module, "function": function, "lineno": 1} | _whose(in_app) | more


def in_file(path: str, function: str | None, *, in_app: bool | None = True, **more: Any) -> Json:
    """Return a frame of a language whose SDK names files."""
    return {"filename": path, "function": function, "lineno": 1} | _whose(in_app) | more


def _whose(in_app: bool | None) -> Json:
    return {} if in_app is None else {"in_app": in_app}


def thrown(type: str | None, value: str | None, *frames: Json, mechanism: Mapping[str, Any] | None = None) -> Json:
    """Return an exception of a chain; its frames oldest first."""
    stack = {"stacktrace": {"frames": list(frames)}} if frames else {}
    return {"type": type, "value": value} | stack | ({"mechanism": dict(mechanism)} if mechanism else {})


def error(platform: str, *chain: Json, **more: Any) -> Json:
    """Return an event of a chain of exceptions, the cause first."""
    return {"platform": platform, "level": "error", "exception": {"values": list(chain)}} | more


def message(text: str, **more: Any) -> Json:
    """Return an event of a message whose parameters are in it."""
    return {"platform": "python", "level": "warning", "message": text} | more


def logged(template: str, *params: Any, **more: Any) -> Json:
    """Return an event of a logger that keeps the parameters beside the message."""
    entry = {"message": template, "params": list(params), "formatted": template % params if params else template}
    return {"platform": "python", "level": "error", "logger": "shop", "logentry": entry} | more


def blocked(uri: str, directive: str = "script-src", sample: str = "", **more: Any) -> Json:
    """Return what a browser reports of a page's Content-Security-Policy."""
    report = {
        "document-uri": "https://shop.example/cart",
        "effective-directive": directive,
        "violated-directive": directive,
        "original-policy": "default-src 'self'; report-uri /",
        "blocked-uri": uri,
    }
    return {"csp-report": report | ({"script-sample": sample} if sample else {}) | more}
