"""What browsers report of a Content-Security-Policy (contract 7.2), in either form, as events."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from events.form import sizes
from events.form.json_objects import read
from events.form.posted import Posted
from events.form.refusals import BadReport
from events.form.sizes import Sizes
from events.form.stores import read_whole

# What of a report is kept, as {"csp-report": {...}} and as the Reporting API call it.
KEYS = {
    "document-uri": "documentURL",
    "referrer": "referrer",
    "blocked-uri": "blockedURL",
    "effective-directive": "effectiveDirective",
    "violated-directive": "violatedDirective",
    "original-policy": "originalPolicy",
    "disposition": "disposition",
    "status-code": "statusCode",
    "source-file": "sourceFile",
    "line-number": "lineNumber",
    "column-number": "columnNumber",
    "script-sample": "sample",
}


def read_reports(
    decoded: Iterator[bytes], limits: Sizes, *, release: str = "", environment: str = "", user_agent: str = ""
) -> tuple[Posted, ...]:
    """Return an event for each report of a policy; the Reporting API sends several at once, and of other kinds too.

    :raises BadReport: it is neither of the two forms.
    :raises TooLarge: it is larger than an event may be.
    :raises Refusal: as ``decoded`` does.
    """
    found = read(read_whole(decoded, limits.event), BadReport)
    common = {"release": release, "environment": environment}
    if isinstance(found, dict) and isinstance(found.get("csp-report"), dict):
        report = {key: found["csp-report"].get(key) for key in KEYS}
        return (Posted(event=_event(report, user_agent, common), is_csp=True),)
    sent = found if isinstance(found, list) else [found]
    if not all(isinstance(report, dict) and isinstance(report.get("type"), str) for report in sent):
        raise BadReport(None, 'it is neither {"csp-report": {...}} nor an array of the Reporting API')
    posted: list[Posted] = []
    passed_over: Counter[str] = Counter()
    for report in sent:
        if report["type"] != "csp-violation" or not isinstance(report.get("body"), dict):
            passed_over["default"] += 1
        elif len(posted) == sizes.CSP_REPORTS:
            passed_over["security"] += 1
        else:
            body = {key: report["body"].get(name) for key, name in KEYS.items()}
            agent = report.get("user_agent") or user_agent
            posted.append(Posted(event=_event(body, agent, common), is_csp=True))
    return (*posted, Posted(passed_over=passed_over)) if passed_over else tuple(posted)


def _event(report: dict[str, Any], user_agent: Any, common: dict[str, str]) -> dict[str, Any]:
    """Return the event, with nothing in it that isn't known."""
    csp = {key.replace("-", "_"): value for key, value in report.items() if value is not None}
    headers = {"Referer": csp.get("referrer"), "User-Agent": user_agent}
    request = {"url": csp.get("document_uri"), "headers": {name: value for name, value in headers.items() if value}}
    event = {"csp": csp, "logger": "csp", "request": {key: value for key, value in request.items() if value}}
    return event | {key: value for key, value in common.items() if value}
