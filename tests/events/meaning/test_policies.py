"""What a browser blocked (contract 7.5, 7.6)."""

from typing import Any

import pytest

from events.meaning.fields import Errors
from events.meaning.policies import blocked, read_csp
from events.meaning.shapes import Csp
from tests.events.meaning.asking import read_event

KEPT = {
    "effective_directive": "script-src-elem",
    "blocked_uri": "https://evil.example:8443/x.js",
    "document_uri": "https://shop.example/pay",
    "script_sample": "alert(1)",
    "status_code": 200,
}


@pytest.mark.parametrize(
    "report",
    [
        KEPT,
        {key.replace("_", "-"): value for key, value in KEPT.items()},
        {
            "effectiveDirective": "script-src-elem",
            "blockedURL": "https://evil.example:8443/x.js",
            "documentURL": "https://shop.example/pay",
            "sample": "alert(1)",
            "statusCode": 200,
        },
    ],
    ids=["kept", "report-uri", "Reporting API"],
)
def test_reports_have_one_form(report: dict[str, Any]) -> None:
    assert read_csp({"csp": report}, Errors()) == (
        KEPT,
        Csp(
            directive="script-src-elem",
            blocked="evil.example",
            uri="https://evil.example:8443/x.js",
            document="https://shop.example/pay",
            sample="alert(1)",
        ),
    )
    assert read_event({"csp": report}).data["csp"] == KEPT


def test_the_first_word_of_a_violated_directive_is_it() -> None:
    _, csp = read_csp({"csp": {"violated_directive": "img-src 'self' https://cdn.example"}}, Errors())

    assert csp is not None
    assert csp.directive == "img-src"


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        ("https://evil.example/x.png?a=1", "evil.example"),
        ("http://EVIL.example", "evil.example"),
        ("wss://evil.example:1", "evil.example"),
        ("https://shop.example/x.png", "self"),
        *((word, "self") for word in ("", "self", "'self'")),
        *((word, word) for word in ("inline", "eval", "data", "blob", "wasm-eval")),
        ("data:image/png;base64,AAAA", "data"),
        ("blob:https://shop.example/1234", "blob"),
        ("chrome-extension://abcdef/x.js", "chrome-extension"),
        ("evil.example/x.png", "evil.example"),
        ("https://[evil", "https"),
        ("http://", "http"),
    ],
)
def test_what_was_blocked(uri: str, what: str) -> None:
    assert blocked(uri, "https://shop.example/pay") == what


def test_parts_of_another_type_are_as_if_absent_and_named() -> None:
    data = read_event({"csp": {"blocked-uri": 5, "effective-directive": "img-src", "status-code": "x"}}).data

    assert data["csp"] == {"effective_directive": "img-src", "status_code": "x"}
    assert data["errors"] == ["csp.blocked_uri"]
    assert data["title"] == "Blocked 'img' from 'self'"
