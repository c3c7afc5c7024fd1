"""Reports of a Content-Security-Policy, in the two forms that browsers send."""

import json
from typing import Any

import pytest

from events.form import Posted, Sizes, read_reports, sizes
from events.form.refusals import BadReport, TooLarge

OLD = {
    "csp-report": {
        "document-uri": "https://example.com/checkout",
        "referrer": "https://example.com/",
        "violated-directive": "img-src",
        "effective-directive": "img-src",
        "original-policy": "img-src 'self'",
        "blocked-uri": "https://evil.example.net/a.png",
        "status-code": 200,
        "unknown": "x",
    }
}
NEW = {
    "type": "csp-violation",
    "age": 12,
    "url": "https://example.com/checkout",
    "user_agent": "Mozilla/5.0",
    "body": {
        "documentURL": "https://example.com/checkout",
        "referrer": "https://example.com/",
        "effectiveDirective": "script-src-elem",
        "originalPolicy": "script-src 'self'",
        "blockedURL": "inline",
        "disposition": "enforce",
        "statusCode": 200,
        "sourceFile": "https://example.com/a.js",
        "lineNumber": 1,
        "columnNumber": 2,
        "sample": "alert(1)",
    },
}


def reports(body: Any, **beside: str) -> tuple[Posted, ...]:
    return read_reports(iter([json.dumps(body).encode()]), Sizes(event=200_000), **beside)


def test_a_report_becomes_an_event() -> None:
    (posted,) = reports(OLD, release="shop@1.0", environment="production", user_agent="Firefox")

    assert posted == Posted(
        event={
            "csp": {
                "document_uri": "https://example.com/checkout",
                "referrer": "https://example.com/",
                "violated_directive": "img-src",
                "effective_directive": "img-src",
                "original_policy": "img-src 'self'",
                "blocked_uri": "https://evil.example.net/a.png",
                "status_code": 200,
            },
            "logger": "csp",
            "request": {
                "url": "https://example.com/checkout",
                "headers": {"Referer": "https://example.com/", "User-Agent": "Firefox"},
            },
            "release": "shop@1.0",
            "environment": "production",
        },
        is_csp=True,
    )


@pytest.mark.parametrize("body", [[NEW], NEW], ids=["an array", "one alone"])
def test_a_report_of_the_reporting_api_becomes_an_event(body: Any) -> None:
    (posted,) = reports(body, user_agent="Firefox")

    assert posted == Posted(
        event={
            "csp": {
                "document_uri": "https://example.com/checkout",
                "referrer": "https://example.com/",
                "effective_directive": "script-src-elem",
                "original_policy": "script-src 'self'",
                "blocked_uri": "inline",
                "disposition": "enforce",
                "status_code": 200,
                "source_file": "https://example.com/a.js",
                "line_number": 1,
                "column_number": 2,
                "script_sample": "alert(1)",
            },
            "logger": "csp",
            "request": {
                "url": "https://example.com/checkout",
                "headers": {"Referer": "https://example.com/", "User-Agent": "Mozilla/5.0"},
            },
        },
        is_csp=True,
    )


def test_each_report_of_an_array_is_an_event_and_others_are_passed_over() -> None:
    image = NEW | {"body": {"effectiveDirective": "img-src"}}

    found = reports([NEW, {"type": "deprecation", "body": {}}, image, {"type": "csp-violation", "body": None}])

    assert [posted.event and posted.event["csp"]["effective_directive"] for posted in found] == [
        "script-src-elem",
        "img-src",
        None,
    ]
    assert [posted.passed_over for posted in found] == [{}, {}, {"default": 2}]


def test_a_body_has_so_many_reports_and_the_rest_is_counted() -> None:
    found = reports([NEW] * (sizes.CSP_REPORTS + 7))

    assert sum(posted.is_csp for posted in found) == sizes.CSP_REPORTS
    assert found[-1].passed_over == {"security": 7}


def test_an_empty_array_and_an_empty_report_are_no_mistakes() -> None:
    assert reports([]) == ()
    assert reports({"csp-report": {}}) == (Posted(event={"csp": {}, "logger": "csp", "request": {}}, is_csp=True),)


@pytest.mark.parametrize(
    "body", [{}, 1, None, "x", [1], [{}], [{"type": 1}], {"csp-report": []}, {"expect-ct-report": {}}]
)
def test_what_is_neither_is_refused(body: Any) -> None:
    with pytest.raises(BadReport) as refused:
        reports(body)

    assert (refused.value.status, refused.value.sentence) == (400, "invalid security report")
    assert refused.value.causes


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadReport):
        read_reports(iter([b"hello"]), Sizes())


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        reports([NEW] * 1000)
