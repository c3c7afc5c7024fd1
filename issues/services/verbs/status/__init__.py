"""The status of an issue, with the terms of a snooze or the release that resolves it: one part, which changes as a
whole."""

from issues.services.verbs.status.part import PART
from issues.services.verbs.status.words import (
    Answered,
    Shown,
    StatusDetails,
    StatusWord,
    SubstatusWord,
    answered_details,
)

__all__ = ["PART", "Answered", "Shown", "StatusDetails", "StatusWord", "SubstatusWord", "answered_details"]
