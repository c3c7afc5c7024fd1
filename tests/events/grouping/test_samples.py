"""Events of nine SDKs, as each sent them, and the issues that they are of."""

from uuid import UUID

import pytest

from events.meaning.grouping import RULES
from tests.events.grouping.reading import read_event, sent_event
from tests.events.sent import NAMES

# By the first version of the rules. They are stored: if one of these changes, every such issue is opened a second time.
FINGERPRINTS = {
    "0001": "7dee79af-edc1-c86c-8ea5-dec11993d760",
    "0003": "ba8f15ac-fd4f-df3f-a204-ea9d2fb6b808",
    "0004": "768f0928-37f9-30d9-d280-ed19eafc57fb",
    "0005": "e15fee99-24e0-39b8-2be2-37790a9ff60f",
    "0006": "a5c999a1-4bc4-2141-f341-c2d4e52693f7",
    "0008": "7e415c88-ed04-0bab-4ffc-3618ae36d286",
    "0010": "fef1df9b-f3b4-716b-950f-66c95564d8b4",
    "0012": "0bf827ae-f83a-a0e5-e798-c1da9aafc06e",
    "0013": "1da44f44-6aea-fd4a-c49f-e4acfb22cfca",
    "0015": "38bdb27b-392f-36f0-0a7e-a22d06f7eb0a",
    "0017": "82c12d74-b199-cc50-c673-24223f08a35c",
    "0021": "99a1c926-4acf-b7af-2b63-af1c89e1ddc8",
}
WITHOUT_AN_EVENT = {"0009"}  # a session


def test_every_sample_is_here() -> None:
    assert FINGERPRINTS.keys() | WITHOUT_AN_EVENT == set(NAMES)
    assert len(set(FINGERPRINTS.values())) == len(FINGERPRINTS)


@pytest.mark.parametrize(("name", "fingerprint"), FINGERPRINTS.items())
def test_an_event_is_of_the_same_issue_for_ever(name: str, fingerprint: str) -> None:
    event = sent_event(name)
    assert event is not None

    found = read_event(event).fingerprints

    assert len(found) == len(RULES)
    assert found[-1] == UUID(fingerprint)
