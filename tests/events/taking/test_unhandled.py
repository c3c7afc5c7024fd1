"""Whether an issue is of what nobody caught, from the sending of its first event to the answer of a list."""

from typing import Any

import pytest

from tests.api_client import Api
from tests.events.counting.arriving import count
from tests.events.sending import Sdk, holding

pytestmark = pytest.mark.django_db

ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"


def failing(*mechanisms: dict[str, Any] | None) -> dict[str, Any]:
    """Return an event as SDKs send it: a chain of exceptions, each caught so."""
    values = [
        {"type": f"Error{number}", "value": "pump", **({} if mechanism is None else {"mechanism": mechanism})}
        for number, mechanism in enumerate(mechanisms)
    ]
    return {"platform": "python", "exception": {"values": values}}


UNCAUGHT, CAUGHT = {"type": "excepthook", "handled": False}, {"type": "generic", "handled": True}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (failing(UNCAUGHT), True),
        (failing({"type": "chained", "handled": False}, UNCAUGHT), True),
        (failing(None, UNCAUGHT), True),
        (failing(CAUGHT), False),
        (failing({"type": "generic"}), False),
        (failing(None), False),
        (failing({"type": "generic", "handled": "no"}), False),
        ({"message": "The pump has stopped"}, False),
    ],
    ids=["uncaught", "chain", "last of a chain", "caught", "unsaid", "no mechanism", "no boolean", "message"],
)
def test_is_what_the_first_event_says(sdk: Sdk, api: Api, event: dict[str, Any], expected: bool) -> None:
    assert sdk.envelope(holding(event)).status_code == 200
    count(sdk.key.project)

    (issue,) = api.get(ISSUES).json()

    assert issue["isUnhandled"] is expected
    assert api.get(f"/api/0/issues/{issue['id']}/").json()["isUnhandled"] is expected


def test_stays_what_it_was_when_others_come(sdk: Sdk, api: Api) -> None:
    for mechanism in (UNCAUGHT, CAUGHT):
        sdk.envelope(holding(failing(mechanism)))
        count(sdk.key.project)

    (issue,) = api.get(ISSUES).json()

    assert (issue["count"], issue["isUnhandled"]) == ("2", True)
