"""The body of a PUT: what of it has to be looked up, and then an IssueMutation (contract 1.4)."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from issues.enums import IssuePriority, IssueStatus, Substatus
from issues.instants import may_be_iso
from issues.mutation import (
    Assignment,
    Ignore,
    IssueMutation,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    StatusChange,
    Unresolve,
)
from issues.reading.wished import ONE_PROJECT_ONLY, Wished, Words
from issues.serializers.assignees import AssigneeField
from issues.serializers.releases import VersionField
from issues.serializers.unknown_keys import refuse_all_unknown, refuse_unknown, says_which
from issues.services.verbs.status.words import (
    MAX_COUNT,
    MAX_MINUTES,
    MAX_WINDOW,
    MUTED,
    RESOLVED_IN_NEXT_RELEASE,
)
from projects.refusals import Refusal

LONGEST_INSTANT = 64  # characters, far more than any has

IGNORED_WORDS = {IssueStatus.IGNORED.value, MUTED}
RESOLVED_WORDS = {IssueStatus.RESOLVED.value, RESOLVED_IN_NEXT_RELEASE}

WINDOWS = {"ignoreWindow": "ignoreCount", "ignoreUserWindow": "ignoreUserCount"}  # each goes with its count
DURATIONS = ("ignoreDuration", "snoozeDuration")
IGNORE_KEYS = ("ignoreUntil", *DURATIONS, "ignoreCount", "ignoreUserCount", *WINDOWS)
RELEASE_KEYS = ("inNextRelease", "inRelease")
UNTIL_ESCALATING = "ignoreUntilEscalating"  # in "statusDetails" only
ANSWERED_ONLY = frozenset({"actor"})  # in "statusDetails": what a GET answered may be sent back

SUBSTATUSES = {
    IssueStatus.IGNORED: (
        Substatus.ARCHIVED_UNTIL_ESCALATING,
        Substatus.ARCHIVED_UNTIL_CONDITION_MET,
        Substatus.ARCHIVED_FOREVER,
    ),
    IssueStatus.UNRESOLVED: (Substatus.ONGOING, Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING),
}

GOES_WITH_IGNORED = 'This goes with "status": "ignored".'
GOES_WITH_RESOLVED = 'This goes with "status": "resolved".'
GOES_WITH_STATUS = 'This goes with "status".'
ONE_RELEASE_ONLY = "Ask for one of resolvedInNextRelease, inNextRelease and inRelease only."
GOES_WITH_UNRESOLVED = 'This goes with "status": "unresolved".'
GOES_WITH_TERMS = "This goes with a duration, an instant, a count or a number of users."
GOES_WITHOUT_TERMS = "This goes without a duration, an instant, a count and a number of users."
GOES_WITHOUT_ESCALATING = 'This goes without "ignoreUntilEscalating".'
NOT_WITH_A_DURATION = "Say an instant or a duration, not both."
IN_THE_FUTURE = "This must be in the future."
NOT_IN_BOTH = 'Say this here or in "statusDetails", not in both.'

Path = tuple[str, ...]


class NumberField(serializers.IntegerField):
    """A whole number; as a word, in ASCII digits: to Python, "1_000", "١٢" and "-0" are numbers too."""

    def to_internal_value(self, data: Any) -> int:
        is_short = isinstance(data, str) and len(data) <= self.MAX_STRING_LENGTH
        if is_short and re.fullmatch(r"\s*[0-9]+(\.0*)?\s*", data, re.ASCII) is None:
            self.fail("invalid")
        number: int = super().to_internal_value(data)
        return number


class InstantField(serializers.DateTimeField):
    """An instant, ISO 8601, in ASCII; without an offset it is UTC, as all times of the API are."""

    def to_internal_value(self, value: Any) -> datetime:
        readable = isinstance(value, str) and len(value) <= LONGEST_INSTANT and may_be_iso(value)
        moment: datetime = super().to_internal_value(value if readable else "")
        return moment


def _number(maximum: int, *, minimum: int = 0) -> NumberField:
    return NumberField(required=False, allow_null=True, min_value=minimum, max_value=maximum)


class IgnoreTermsSerializer(serializers.Serializer[Any]):
    """The ``ignore*`` keys, which stand in the body itself or in its ``statusDetails``.

    :param context: see :func:`read_mutation`.
    """

    ignoreUntil = InstantField(required=False, allow_null=True)
    ignoreDuration = _number(MAX_MINUTES)
    snoozeDuration = _number(MAX_MINUTES)
    ignoreCount = _number(MAX_COUNT)
    ignoreWindow = _number(MAX_WINDOW, minimum=1)
    ignoreUserCount = _number(MAX_COUNT)
    ignoreUserWindow = _number(MAX_WINDOW, minimum=1)

    def validate_ignoreUntil(self, until: datetime | None) -> datetime | None:
        if until is not None and until <= self.context["at"]:
            raise ValidationError(IN_THE_FUTURE)
        return until

    def validate_each(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields that are valid by themselves, and what is wrong with the others."""
        values: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for field in self._writable_fields:
            name = str(field.field_name)
            validate = getattr(self, f"validate_{name}", None)
            try:
                value = field.run_validation(field.get_value(data))
                values[name] = validate(value) if validate else value
            except ValidationError as error:
                errors[name] = error.detail
            except serializers.SkipField:
                pass
        return values, errors


class StatusDetailsSerializer(IgnoreTermsSerializer):
    """What goes with the status. There is no key here without which the rest would mean the same."""

    ignoreUntilEscalating = serializers.BooleanField(required=False, allow_null=True)
    inNextRelease = serializers.BooleanField(required=False)
    inRelease = VersionField(required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return dict(super().to_internal_value(data))  # which says what it expects
        values, errors = self.validate_each(data)
        if errors:
            raise ValidationError(errors)
        return values

    def validate_each(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        values, errors = super().validate_each(data)
        known = self._declared_fields.keys() | ANSWERED_ONLY
        return values, errors | refuse_all_unknown(data, known)

    def validate_inNextRelease(self, wanted: bool) -> bool:
        if wanted and self.context["of_several"]:
            raise ValidationError(ONE_PROJECT_ONLY)
        return wanted

    def validate_inRelease(self, version: str) -> NamedRelease:
        if self.context["of_several"]:
            raise ValidationError(ONE_PROJECT_ONLY)
        release: NamedRelease = _found(self.context["wished"].release)
        return release


class IssueMutationSerializer(IgnoreTermsSerializer):
    """One body. Every field may be absent: leave that alone. Unknown keys are ignored, but for such as are wishes."""

    status = serializers.ChoiceField([*IssueStatus.values, RESOLVED_IN_NEXT_RELEASE, MUTED], required=False)
    statusDetails = StatusDetailsSerializer(required=False)
    substatus = serializers.ChoiceField(Substatus.values, required=False, allow_null=True)
    assignedTo = AssigneeField(required=False, allow_null=True, allow_blank=True)
    priority = serializers.ChoiceField(IssuePriority.values, required=False)
    isPublic = serializers.BooleanField(required=False)
    merge = serializers.BooleanField(required=False)
    hasSeen = serializers.BooleanField(required=False)
    isBookmarked = serializers.BooleanField(required=False)
    isSubscribed = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields that the body says something about: DRF copies them all, for each body anew."""
        body = getattr(self, "initial_data", self._declared_fields)
        said = body if isinstance(body, Mapping) else ()
        return {name: deepcopy(field) for name, field in self._declared_fields.items() if name in said}

    def to_internal_value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Validate every field, and then what they say about each other even if some are wrong by themselves.

        DRF's own stops before the second step then; a caller would meet one error after the other.
        """
        data = dict(data)  # no body at all, sent as a form, comes as an empty form: DRF reads false for its booleans
        values, errors = self.validate_each(data)
        errors |= refuse_unknown(data, self._declared_fields)
        if "statusDetails" in errors and isinstance(data["statusDetails"], dict):
            details = StatusDetailsSerializer(context=self.context)
            values["statusDetails"], _ = details.validate_each(data["statusDetails"])
        for path, sentence in list(_contradictions(data, values, errors)):
            _add(errors, path, sentence)
        if errors:
            raise ValidationError(errors)
        return values

    def to_mutation(self) -> IssueMutation:
        """Return the valid body as a value; durations count from the time of the request."""
        values = self.validated_data
        body = {
            key: _as_understood(key, raw, values)
            for key, raw in self.initial_data.items()
            if key in self._declared_fields
        }
        ignored = tuple(key for key in self.initial_data if key not in body)
        return IssueMutation(
            status=_status_change(values, at=self.context["at"]),
            substatus=values.get("substatus"),
            assignment=values.get("assignedTo"),
            priority=IssuePriority(values["priority"]) if "priority" in values else None,
            is_public=values.get("isPublic"),
            has_seen=values.get("hasSeen"),
            is_bookmarked=values.get("isBookmarked"),
            is_subscribed=values.get("isSubscribed"),
            merge=values.get("merge"),
            says_which=any(map(says_which, ignored)),
            body=body,
            ignored_keys=ignored,
        )

    def validate_status(self, status: str) -> str:
        if status == RESOLVED_IN_NEXT_RELEASE and self.context["of_several"]:
            raise ValidationError(ONE_PROJECT_ONLY)
        return status

    def validate_merge(self, merge: bool) -> bool:
        if merge and self.context["of_several"]:
            raise ValidationError(ONE_PROJECT_ONLY)
        return merge

    def validate_assignedTo(self, word: str | None) -> Assignment:
        """Return who is meant; null and an empty word mean nobody."""
        return Assignment(_found(self.context["wished"].assignee) if word else None)


def read_words(body: Mapping[str, Any]) -> Words:
    """Return the words of a body that stand for somebody and for a release. The body may be wrong elsewhere."""
    details = body.get("statusDetails")
    return Words(
        _word(AssigneeField(allow_blank=True), body, "assignedTo"),
        _word(VersionField(), details if isinstance(details, Mapping) else {}, "inRelease"),
    )


def read_mutation(body: Mapping[str, Any], wished: Wished, *, of_several: bool, at: datetime) -> IssueMutation:
    """Return what a body asks for.

    :param wished: what its words stand for.
    :param of_several: whether the issues are of several projects.
    :param at: when the request began; durations count from then.
    :raises ValidationError: it is no wish that can be understood, or names what isn't there.
    """
    context = {"wished": wished, "of_several": of_several, "at": at}
    serializer = IssueMutationSerializer(data=body, context=context)
    serializer.is_valid(raise_exception=True)
    return serializer.to_mutation()


def _word(field: serializers.CharField, data: Mapping[str, Any], key: str) -> str | None:
    if data.get(key) is None:
        return None
    try:
        word: str = field.run_validation(data[key])
    except ValidationError:
        return None  # read_mutation says what is wrong with it, beside all else
    return word or None


def _found(wished: Any) -> Any:
    """Return what was found for a word.

    :raises ValidationError: nothing was; the sentence says why.
    """
    if isinstance(wished, Refusal):
        raise ValidationError(wished.sentence) from wished
    return wished


def _as_understood(key: str, raw: Any, values: Mapping[str, Any]) -> Any:
    """Return what was understood of a value, for the history: as it was written, but for what is nothing to us."""
    if key == "statusDetails":
        return {name: _as_understood(name, value, values) for name, value in raw.items() if name not in ANSWERED_ONLY}
    if key == "assignedTo" and isinstance(raw, Mapping):
        assignee = values["assignedTo"].to
        return {"type": assignee.type, "id": str(assignee.id)}
    return raw.strip() if isinstance(raw, str) else raw


# ---------------------------------------------------------------------------------------------------------------------
# What doesn't go together
# ---------------------------------------------------------------------------------------------------------------------


def _contradictions(
    data: Mapping[str, Any], values: Mapping[str, Any], errors: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    """Yield where and why valid fields don't go together. About a field that is wrong by itself nothing is known."""
    terms = _given(values, IGNORE_KEYS)
    details = values.get("statusDetails") or {}
    detailed_terms = _given(details, IGNORE_KEYS)
    detailed_releases = _given(details, RELEASE_KEYS)
    until_escalating = bool(details.get(UNTIL_ESCALATING))
    status = values.get("status")

    yield from _windows_without_count((), terms, frozenset(errors))
    yield from _windows_without_count(("statusDetails",), detailed_terms, frozenset(errors.get("statusDetails", ())))
    yield from _instant_with_duration((), terms)
    yield from _instant_with_duration(("statusDetails",), detailed_terms)
    if detailed_terms:
        yield from (((key,), NOT_IN_BOTH) for key in terms)
    if until_escalating and (terms or detailed_terms):
        yield ("statusDetails", UNTIL_ESCALATING), GOES_WITHOUT_TERMS
    if len(detailed_releases) + (status == RESOLVED_IN_NEXT_RELEASE) > 1:
        yield from ((("statusDetails", key), ONE_RELEASE_ONLY) for key in detailed_releases)

    if "status" in errors:
        return
    substatus, has_terms = values.get("substatus"), bool(terms or detailed_terms)
    if substatus is not None:
        terms_are_known = errors.keys().isdisjoint({*IGNORE_KEYS, "statusDetails"})
        for sentence in _misfits(substatus, status, has_terms, terms_are_known, until_escalating):
            yield ("substatus",), sentence
    if status not in IGNORED_WORDS:
        yield from (((key,), GOES_WITH_IGNORED) for key in terms)
    if status is None:
        if data.get("statusDetails") and "statusDetails" not in errors:
            yield ("statusDetails",), GOES_WITH_STATUS
        return
    if status not in IGNORED_WORDS:
        wishes = (*detailed_terms, *([UNTIL_ESCALATING] if until_escalating else ()))
        yield from ((("statusDetails", key), GOES_WITH_IGNORED) for key in wishes)
    if status not in RESOLVED_WORDS:
        yield from ((("statusDetails", key), GOES_WITH_RESOLVED) for key in detailed_releases)


def _given(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return what was given of these keys; null, 0 and false are "not given"."""
    return {key: values[key] for key in keys if values.get(key)}


def _windows_without_count(where: Path, terms: Mapping[str, Any], wrong: frozenset[str]) -> Iterator[tuple[Path, str]]:
    for window, count in WINDOWS.items():
        if window in terms and count not in terms and count not in wrong:
            yield (*where, window), f'This goes with "{count}".'


def _instant_with_duration(where: Path, terms: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if "ignoreUntil" in terms and any(key in terms for key in DURATIONS):
        yield (*where, "ignoreUntil"), NOT_WITH_A_DURATION


def _misfits(
    substatus: str, status: str | None, has_terms: bool, terms_are_known: bool, until_escalating: bool
) -> Iterator[str]:
    """Yield why a substatus doesn't go with the status and its terms."""
    if status is None:
        yield GOES_WITH_STATUS
    elif substatus in SUBSTATUSES[IssueStatus.UNRESOLVED]:
        if status != IssueStatus.UNRESOLVED:
            yield GOES_WITH_UNRESOLVED
    elif status not in IGNORED_WORDS:
        yield GOES_WITH_IGNORED
    elif until_escalating and substatus != Substatus.ARCHIVED_UNTIL_ESCALATING:
        yield GOES_WITHOUT_ESCALATING
    elif substatus == Substatus.ARCHIVED_UNTIL_CONDITION_MET:
        if not has_terms and terms_are_known:
            yield GOES_WITH_TERMS
    elif has_terms:
        yield GOES_WITHOUT_TERMS


def _add(errors: dict[str, Any], path: Path, sentence: str) -> None:
    """Put a sentence into the tree of errors; one about a whole object stands beside those about its keys."""
    for name in path[:-1]:
        inner = errors.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = errors[name] = {"non_field_errors": inner}
        errors = inner
    found = errors.setdefault(path[-1], [])
    if isinstance(found, dict):
        found = found.setdefault("non_field_errors", [])
    found.append(sentence)


# ---------------------------------------------------------------------------------------------------------------------
# What the status becomes
# ---------------------------------------------------------------------------------------------------------------------


def _status_change(values: Mapping[str, Any], *, at: datetime) -> StatusChange | None:
    details = values.get("statusDetails") or {}
    match values.get("status"):
        case None:
            return None
        case IssueStatus.UNRESOLVED:
            return Unresolve()
        case IssueStatus.RESOLVED:
            return Resolve(details.get("inNextRelease", False), details.get("inRelease"))
        case "resolvedInNextRelease":
            return Resolve(in_next_release=True)
        case _:
            given = _given(values, IGNORE_KEYS) | _given(details, (*IGNORE_KEYS, UNTIL_ESCALATING))
            says_so = values.get("substatus") == Substatus.ARCHIVED_UNTIL_ESCALATING
            return Ignore(_terms(given, until_escalating=says_so or UNTIL_ESCALATING in given, at=at))


def _terms(given: Mapping[str, Any], *, until_escalating: bool, at: datetime) -> SnoozeTerms:
    minutes = given.get("ignoreDuration") or given.get("snoozeDuration")
    return SnoozeTerms(
        until=given.get("ignoreUntil") if minutes is None else at + timedelta(minutes=minutes),
        count=given.get("ignoreCount"),
        window=given.get("ignoreWindow"),
        user_count=given.get("ignoreUserCount"),
        user_window=given.get("ignoreUserWindow"),
        until_escalating=until_escalating,
    )
