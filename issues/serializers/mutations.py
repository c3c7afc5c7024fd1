"""The body of a PUT: validated, looked up, and turned into an IssueMutation (contract 1.4)."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from issues.enums import IssueStatus
from issues.errors import UnknownActor, UnknownRelease
from issues.mutation import (
    Assignee,
    Assignment,
    Ignore,
    IssueMutation,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    StatusChange,
    Unresolve,
)
from issues.serializers.scopes import means_ids, read_id
from projects.models import OrganizationMember, Project, Release, Team

MAX_MINUTES = 52_560_000  # a hundred years
MAX_COUNT = 2**31 - 1
MAX_WINDOW = 10_080  # a week, in minutes

RESOLVED_IN_NEXT_RELEASE = "resolvedInNextRelease"
MUTED = "muted"
IGNORED_WORDS = {IssueStatus.IGNORED.value, MUTED}
RESOLVED_WORDS = {IssueStatus.RESOLVED.value, RESOLVED_IN_NEXT_RELEASE}

WINDOWS = {"ignoreWindow": "ignoreCount", "ignoreUserWindow": "ignoreUserCount"}  # each goes with its count
IGNORE_KEYS = ("ignoreDuration", "snoozeDuration", "ignoreCount", "ignoreUserCount", *WINDOWS)
RELEASE_KEYS = ("inNextRelease", "inRelease")

GOES_WITH_IGNORED = 'This goes with "status": "ignored".'
GOES_WITH_RESOLVED = 'This goes with "status": "resolved".'
GOES_WITH_STATUS = 'This goes with "status".'
ONE_RELEASE_ONLY = "Ask for one of resolvedInNextRelease, inNextRelease and inRelease only."
ONE_PROJECT_ONLY = "This goes with issues of one project only."
NOT_IN_BOTH = 'Say this here or in "statusDetails", not in both.'

Path = tuple[str, ...]


def _number(maximum: int, *, minimum: int = 0) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, allow_null=True, min_value=minimum, max_value=maximum)


class IgnoreTermsSerializer(serializers.Serializer[Any]):
    """The ``ignore*`` keys, which stand in the body itself or in its ``statusDetails``."""

    ignoreDuration = _number(MAX_MINUTES)
    ignoreCount = _number(MAX_COUNT)
    ignoreWindow = _number(MAX_WINDOW, minimum=1)
    ignoreUserCount = _number(MAX_COUNT)
    ignoreUserWindow = _number(MAX_WINDOW, minimum=1)

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
    inNextRelease = serializers.BooleanField(required=False)
    inRelease = serializers.CharField(required=False)

    def validate_inNextRelease(self, wanted: bool) -> bool:
        if wanted and len(_projects(self)) > 1:
            raise ValidationError(ONE_PROJECT_ONLY)
        return wanted

    def validate_inRelease(self, version: str) -> NamedRelease:
        """Look the version up among the releases of the project; ``latest`` is the newest of them."""
        projects = _projects(self)
        if len(projects) > 1:
            raise ValidationError(ONE_PROJECT_ONLY)
        releases = Release.objects.of_project(projects[0].pk) if projects else Release.objects.none()
        found = (
            releases.out_at(self.context["at"]).newest_first()
            if version == "latest"
            else releases.filter(version=version)
        )
        release = found.first()
        if release is None:
            raise ValidationError(str(UnknownRelease()))
        return NamedRelease(release.pk, release.version)


class IssueMutationSerializer(IgnoreTermsSerializer):
    """One body. Every field may be absent: leave that alone. Unknown keys are ignored.

    :param context: ``organization_id``; ``projects``, those of it that the issues belong to; ``at``, what is now.
    """

    status = serializers.ChoiceField([*IssueStatus.values, RESOLVED_IN_NEXT_RELEASE, MUTED], required=False)
    statusDetails = StatusDetailsSerializer(required=False)
    snoozeDuration = _number(MAX_MINUTES)
    assignedTo = serializers.CharField(required=False, allow_null=True, allow_blank=True)
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
        if "statusDetails" in errors and isinstance(data["statusDetails"], dict):
            details = StatusDetailsSerializer(context=self.context)
            values["statusDetails"], _ = details.validate_each(data["statusDetails"])
        for path, sentence in list(_contradictions(data, values, errors)):
            _add(errors, path, sentence)
        if errors:
            raise ValidationError(errors)
        return values

    def to_mutation(self, *, at: datetime) -> IssueMutation:
        """Return the valid body as a value; durations count from ``at``."""
        values = self.validated_data
        return IssueMutation(
            status=_status_change(values, at=at),
            assignment=values.get("assignedTo"),
            is_public=values.get("isPublic"),
            has_seen=values.get("hasSeen"),
            is_bookmarked=values.get("isBookmarked"),
            is_subscribed=values.get("isSubscribed"),
            merge=values.get("merge"),
            names_ids=any(means_ids(key) for key in self.initial_data),
            body=self.initial_data,
        )

    def validate_status(self, status: str) -> str:
        if status == RESOLVED_IN_NEXT_RELEASE and len(_projects(self)) > 1:
            raise ValidationError(ONE_PROJECT_ONLY)
        return status

    def validate_merge(self, merge: bool) -> bool:
        if merge and len(_projects(self)) > 1:
            raise ValidationError(ONE_PROJECT_ONLY)
        return merge

    def validate_assignedTo(self, word: str | None) -> Assignment:
        """Look up who is meant; null and an empty word mean nobody."""
        return Assignment(find_assignee(word, self.context["organization_id"], _projects(self)) if word else None)


def _projects(serializer: IgnoreTermsSerializer) -> Sequence[Project]:
    projects: Sequence[Project] = serializer.context["projects"]
    return projects


# ---------------------------------------------------------------------------------------------------------------------
# Who "assignedTo" means
# ---------------------------------------------------------------------------------------------------------------------


def find_assignee(word: str, organization_id: int, projects: Sequence[Project]) -> Assignee:
    """Return the member or team of the organization that a word stands for.

    ``user:ID``, ``ID``, a user name or an e-mail; ``team:ID``, ``#slug`` or a team slug. All else is unknown, so that
    nobody learns who exists in other organizations.

    :param projects: those whose issues they are to take care of.
    :raises ValidationError: nobody, or somebody who can't take care of them.
    """
    kind, colon, rest = word.partition(":")
    members = OrganizationMember.objects.filter(organization=organization_id).select_related("user")
    teams = Team.objects.filter(organization=organization_id)
    if word.startswith("#"):
        return _team(teams.filter(slug=word[1:]), projects)
    if colon and kind == "team":
        return _team(teams.filter(pk=read_id(rest) or 0), projects)
    if colon and kind == "user":
        return _member(members.filter(user=read_id(rest) or 0), projects)
    if word.isascii() and word.isdigit():
        return _member(members.filter(user=read_id(word) or 0), projects)
    for lookup in ("user__username__iexact", "user__email__iexact"):
        named = members.filter(**{lookup: word})
        if named.exists():
            return _member(named, projects)
    return _team(teams.filter(slug=word), projects)


def _member(members: QuerySet[OrganizationMember], projects: Sequence[Project]) -> Assignee:
    found = list(members[:2])
    if len(found) != 1:  # nobody; or two that share an e-mail, of whom neither was surely meant
        raise ValidationError(str(UnknownActor()))
    user = found[0].user
    if not user.is_active:
        raise ValidationError("Cannot assign to a deactivated member")
    if Project.objects.visible_to_member(user.pk).filter(pk__in=_ids(projects)).count() < len(projects):
        raise ValidationError("Cannot assign to non-team member")
    return Assignee("user", user.pk, user.get_full_name(), user.email)


def _team(teams: QuerySet[Team], projects: Sequence[Project]) -> Assignee:
    team = teams.first()
    if team is None:
        raise ValidationError(str(UnknownActor()))
    if len(projects) > 1:
        raise ValidationError(ONE_PROJECT_ONLY)
    if not team.projects.filter(pk__in=_ids(projects)).exists():
        raise ValidationError("Cannot assign to a team without access to the project")
    return Assignee("team", team.pk, team.slug)


def _ids(projects: Sequence[Project]) -> list[int]:
    return [project.pk for project in projects]


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
    status = values.get("status")

    yield from _windows_without_count((), terms, frozenset(errors))
    yield from _windows_without_count(("statusDetails",), detailed_terms, frozenset(errors.get("statusDetails", ())))
    if detailed_terms:
        yield from (((key,), NOT_IN_BOTH) for key in terms)
    if len(detailed_releases) + (status == RESOLVED_IN_NEXT_RELEASE) > 1:
        yield from ((("statusDetails", key), ONE_RELEASE_ONLY) for key in detailed_releases)

    if "status" in errors:
        return
    if status not in IGNORED_WORDS:
        yield from (((key,), GOES_WITH_IGNORED) for key in terms)
    if status is None:
        if data.get("statusDetails") and "statusDetails" not in errors:
            yield ("statusDetails",), GOES_WITH_STATUS
        return
    if status not in IGNORED_WORDS:
        yield from ((("statusDetails", key), GOES_WITH_IGNORED) for key in detailed_terms)
    if status not in RESOLVED_WORDS:
        yield from ((("statusDetails", key), GOES_WITH_RESOLVED) for key in detailed_releases)


def _given(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return what was given of these keys; null, 0 and false are "not given"."""
    return {key: values[key] for key in keys if values.get(key)}


def _windows_without_count(where: Path, terms: Mapping[str, Any], wrong: frozenset[str]) -> Iterator[tuple[Path, str]]:
    for window, count in WINDOWS.items():
        if window in terms and count not in terms and count not in wrong:
            yield (*where, window), f'This goes with "{count}".'


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
            return Ignore(_terms(_given(values, IGNORE_KEYS) | _given(details, IGNORE_KEYS), at=at))


def _terms(given: Mapping[str, Any], *, at: datetime) -> SnoozeTerms:
    minutes = given.get("ignoreDuration") or given.get("snoozeDuration")
    return SnoozeTerms(
        until=None if minutes is None else at + timedelta(minutes=minutes),
        count=given.get("ignoreCount"),
        window=given.get("ignoreWindow"),
        user_count=given.get("ignoreUserCount"),
        user_window=given.get("ignoreUserWindow"),
    )
