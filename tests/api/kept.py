"""An event of which all is known, as it is sent and as it is shown."""

from datetime import timedelta

from tests.answers import iso
from tests.api.one_issue import ISSUES, LEGACY, Json
from tests.factories import NOW

HERE = "/api/0/projects/the-interstellar-jurisdiction/pump-station/"
EVENTS = f"{HERE}events/"
BY_ID = "/api/0/organizations/the-interstellar-jurisdiction/eventids/"
ID = "0123456789abcdef0123456789abcdef"

SENT: Json = {
    **{"event_id": ID, "timestamp": (NOW - timedelta(minutes=5)).isoformat(), "platform": "python", "dist": 7},
    **{"level": "fatal", "environment": "production", "release": "1.0.0", "logger": "pump", "server_name": "web-1"},
    "transaction": "/intake",
    "exception": {
        "values": [
            {"type": "KeyError", "value": "'level'", "module": "builtins"},
            {
                **{"type": "OverflowError", "value": "too much", "thread_id": 140_000_000_000_001},
                "mechanism": {"type": "excepthook", "handled": False, "data": None},
                "stacktrace": {
                    "frames": [
                        {"function": "run", "module": "lib", "abs_path": "/venv/site-packages/lib.py", "lineno": 3},
                        {
                            **{"function": "intake", "module": "pump", "filename": "pump.py", "in_app": True},
                            **{"lineno": 42, "colno": 7, "abs_path": "/srv/pump.py", "vars": {"level": "3"}},
                            **{"pre_context": ["a"], "context_line": "b", "post_context": ["c"]},
                        },
                    ]
                },
            },
        ]
    },
    "logentry": {"message": "pump %s", "params": ["3"]},
    "threads": {"values": [{"id": "17", "name": "Main", "crashed": True, "current": True}]},
    "breadcrumbs": {"values": [{"timestamp": 1_772_366_400, "category": "http", "message": "GET", "data": {"n": 1}}]},
    "request": {
        **{"method": "GET", "url": "https://pump.example/intake?x=1", "headers": {"User-Agent": "curl"}},
    },
    "contexts": {"os": {"name": "Linux", "version": "6.1"}, "trace": {"trace_id": "a" * 32}},
    "user": {"id": 7, "email": "ann@example.com", "plan": "gold"},
    "tags": {"shop": "north"},
    "extra": {"order": 4711},
    "modules": {"django": "5.2"},
    "sdk": {"name": "sentry.python", "version": "2.75.0", "integrations": ["django"]},
    "fingerprint": ["{{ default }}"],
}

WHOLE: Json = {
    **{"id": ID, "eventID": ID, "title": "OverflowError: too much", "message": "pump 3", "culprit": "/intake"},
    **{"type": "error", "platform": "python", "location": "pump.py", "dist": "7"},
    "metadata": {"type": "OverflowError", "value": "too much", "filename": "pump.py", "function": "intake"},
    "dateCreated": iso(NOW - timedelta(minutes=5)),
    "dateReceived": iso(NOW),
    "user": {
        **{"id": "7", "email": "ann@example.com", "username": None, "ip_address": None, "name": None},
        "data": {"plan": "gold"},
    },
    "sdk": {"name": "sentry.python", "version": "2.75.0"},
    "contexts": {
        "os": {"type": "os", "name": "Linux", "version": "6.1"},
        "trace": {"type": "trace", "trace_id": "a" * 32},
    },
    "context": {"order": 4711},
    "packages": {"django": "5.2"},
    "errors": [],
    "tags": [
        {"key": "environment", "value": "production"},
        {"key": "level", "value": "fatal"},
        {"key": "logger", "value": "pump"},
        {"key": "os", "value": "Linux 6.1"},
        {"key": "release", "value": "1.0.0"},
        {"key": "server_name", "value": "web-1"},
        {"key": "shop", "value": "north"},
        {"key": "transaction", "value": "/intake"},
        {"key": "url", "value": "https://pump.example/intake"},
        {"key": "user", "value": "id:7"},
    ],
    "entries": [
        {
            "type": "exception",
            "data": {
                "hasSystemFrames": True,
                "values": [
                    {"type": "KeyError", "value": "'level'", "module": "builtins"},
                    {
                        **{"type": "OverflowError", "value": "too much", "threadId": 140_000_000_000_001},
                        "mechanism": {"type": "excepthook", "handled": False},
                        "stacktrace": {
                            "hasSystemFrames": True,
                            "frames": [
                                {
                                    **{"function": "run", "module": "lib", "absPath": "/venv/site-packages/lib.py"},
                                    **{"lineNo": 3, "inApp": False, "context": [], "vars": {}},
                                },
                                {
                                    **{"function": "intake", "module": "pump", "filename": "pump.py", "inApp": True},
                                    **{"lineNo": 42, "colNo": 7, "absPath": "/srv/pump.py", "vars": {"level": "3"}},
                                    "context": [[41, "a"], [42, "b"], [43, "c"]],
                                },
                            ],
                        },
                    },
                ],
            },
        },
        {"type": "message", "data": {"formatted": "pump 3", "message": "pump %s", "params": ["3"]}},
        {"type": "threads", "data": {"values": [{"id": 17, "name": "Main", "crashed": True, "current": True}]}},
        {
            "type": "breadcrumbs",
            "data": {
                "values": [
                    {
                        **{"timestamp": "2026-03-01T12:00:00Z", "type": "default", "category": "http"},
                        **{"level": "info", "message": "GET", "data": {"n": 1}},
                    }
                ]
            },
        },
        {
            "type": "request",
            "data": {
                **{"method": "GET", "url": "https://pump.example/intake", "query": [["x", "1"]]},
                **{"headers": [["User-Agent", "curl"]], "cookies": [], "env": {}},
            },
        },
    ],
    **{"previousEventID": None, "nextEventID": None},
    **{"occurrence": None, "_meta": {}, "userReport": None, "sdkUpdates": [], "resolvedWith": []},
}
# what an item of a list leaves out, unless the whole event is asked for
PARTS = {
    *("release", "contexts", "context", "packages", "entries", "previousEventID", "nextEventID"),
    *("occurrence", "_meta", "userReport", "sdkUpdates", "resolvedWith"),
}

OF_AN_ISSUE = [f"{ISSUES}{{issue}}/events/", f"{ISSUES}{{short}}/events/", f"{LEGACY}{{issue}}/events/"]
