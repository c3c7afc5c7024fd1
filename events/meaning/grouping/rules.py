"""One version of the rules: which parts of an event say which issue it is of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from json import JSONEncoder
from typing import Any
from uuid import UUID

from events.meaning.grouping.endings import OF_AN_SDK
from events.meaning.grouping.parameters import says_something
from events.meaning.grouping.wished import wished
from events.meaning.shapes import Csp, Frame, Subject, Thrown

Place = tuple[str, str]  # a module or a file, and a function; "" where it is unknown
Parts = list[Any]  # texts, and lists of the same

START_OF_A_SAMPLE = 40  # what a browser sends at most, if it sends one

# JSON tells ["a", "bc"] from ["ab", "c"], and a text from a list of one. It escapes all but ASCII, so any text will do.
_joined = JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Rules:
    """What an event is told by. A later version replaces what it does otherwise, or is a subclass."""

    version: int
    places: Callable[[Sequence[Frame], str], list[Place]]
    type_of: Callable[[str, str], str]
    without_parameters: Callable[[str], str]

    def fingerprint(self, subject: Subject) -> UUID:
        """Return 128 bits that are equal for events of one issue."""
        parts = wished(subject, self.default(subject))
        return UUID(bytes=blake2b(_joined([self.version, parts]).encode("ascii"), digest_size=16).digest())

    def default(self, subject: Subject) -> Parts:
        """Return what tells an event that has no wish of its own."""
        if subject.csp is not None:
            return self._csp(subject.csp)
        thrown = without_groups(subject.exceptions)
        text = self._text(subject, thrown)
        if text:
            return ["message", text]
        if thrown:
            return ["exceptions", *without_repeats([self._exception(one, subject.platform) for one in thrown])]
        if stack := self.places(subject.stack, subject.platform):
            return ["stack", *stack]
        return ["transaction", subject.transaction]

    def _csp(self, csp: Csp) -> Parts:
        # Whatever is inline or evaluated has no address: the sample is all that tells one script from another.
        sample = csp.sample.strip()[:START_OF_A_SAMPLE] if csp.blocked in ("inline", "eval") else ""
        return ["csp", csp.directive, csp.blocked, sample]

    def _exception(self, one: Thrown, platform: str) -> Parts:
        if one.type == "ChunkLoadError":  # thrown by every place that loads a part of the program, for one reason
            return [one.type]
        stack, type_ = self.places(one.frames, platform), self.type_of(one.type, platform)
        if any(function for _, function in stack):
            return [type_, stack]
        return [type_, stack, self.without_parameters(one.value)]

    def _text(self, subject: Subject, thrown: Sequence[Thrown]) -> str:
        """Return the message of an event that is a message, "" for another."""
        # JavaScript sends a message with its stack as an exception that has no type.
        if any(one.type for one in thrown):
            return ""
        if subject.has_params and says_something(subject.template):
            is_made = subject.template.startswith(OF_AN_SDK)  # at run time: it has values and lines in it
            return self.without_parameters(subject.template) if is_made else subject.template
        text = subject.message or subject.template or next((one.value for one in reversed(thrown) if one.value), "")
        return self.without_parameters(text)


def without_groups(exceptions: Sequence[Thrown]) -> Sequence[Thrown]:
    """Return a chain without the exceptions that only hold others of it."""
    if not any(one.is_group for one in exceptions):
        return exceptions
    parents = {one.parent for one in exceptions}
    # One without a number can't be named as a parent; then all others are its members.
    members = [one for one in exceptions if not (one.is_group and (one.id is None or one.id in parents))]
    return members or exceptions


def without_repeats(parts: Sequence[Parts]) -> list[Parts]:
    """Return each of the parts once, where it stands first."""
    return list({_joined(part): part for part in parts}.values()) if len(parts) > 1 else list(parts)
