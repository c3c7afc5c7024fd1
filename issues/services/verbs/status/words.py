"""How a status, with its terms or its resolution, is told."""

from datetime import datetime

from issues.enums import ActivityKind
from issues.instants import in_words
from issues.services.ground.parts import Data, People, Told


def _resolved_in_release(data: Data, people: People) -> str:
    return f"resolved it in {data.get('version') or 'the next release'}"


def _ignored(data: Data, people: People) -> str:
    terms = []
    if until := data.get("ignoreUntil"):
        terms.append(in_words(datetime.fromisoformat(until)))
    for count, window, what in (
        ("ignoreCount", "ignoreWindow", "events"),
        ("ignoreUserCount", "ignoreUserWindow", "users"),
    ):
        if data.get(count):
            within = f" within {data[window]} minutes" if data.get(window) else ""
            terms.append(f"{data[count]} more {what}{within}")
    return f"ignored it until {' or '.join(terms)}" if terms else "ignored it for good"


TOLD = {
    ActivityKind.SET_RESOLVED: Told("check_circle", "resolved it"),
    ActivityKind.SET_RESOLVED_IN_RELEASE: Told("check_circle", _resolved_in_release),
    ActivityKind.SET_UNRESOLVED: Told("refresh", "reopened it"),
    ActivityKind.SET_IGNORED: Told("snooze", _ignored),
}
