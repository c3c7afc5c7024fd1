"""Which events are one issue: the fingerprints of an event (contract 7.6).

Fingerprints are stored, and have to come out the same for years. So rules never change once they were released. Who
wants other ones adds rules with the next number, in front: then each event has a fingerprint by each of them, an issue
is found by any, and gets those that it lacks. No issue splits by an upgrade.
"""

from collections.abc import Sequence
from uuid import UUID

from events.meaning.grouping.parameters import without_parameters
from events.meaning.grouping.places import places, type_of
from events.meaning.grouping.rules import Rules
from events.meaning.shapes import Subject

RULES: Sequence[Rules] = (
    Rules(version=1, places=places, type_of=type_of, without_parameters=without_parameters),
)  # the newest first
VERSION = RULES[0].version


def fingerprints(subject: Subject) -> tuple[UUID, ...]:
    """Return the fingerprints of an event: by the newest rules first, then by the older ones."""
    return tuple(rules.fingerprint(subject) for rules in RULES)
