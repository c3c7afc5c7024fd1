"""Bodies about releases and deploys, and how both are answered, as Sentry's published API has them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from issues import answers
from issues.mutation import NewDeploy, ReleaseChange
from issues.reading.releases import Around
from issues.serializers.list_query import read_project_ids
from issues.serializers.scopes import WRONG_VALUES_NAMED
from projects.gathering import Gathered
from projects.models import Deploy, Project, ReleaseStatus
from projects.querysets import is_id
from projects.serializers import iso

MAX_VERSION = 250
MAX_PROJECTS = 1000  # named in one body

LATEST = "latest"  # in a body, "inRelease" means the newest one by it
# Addresses below that of a release: a version with a slash that ends so could not be told from them.
BELOW_A_RELEASE = {"deploys", "commits", "previous-with-commits"}

# ---------------------------------------------------------------------------------------------------------------------
# What a body says
# ---------------------------------------------------------------------------------------------------------------------


def _text(maximum: int) -> serializers.CharField:
    return serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=maximum)


def _url() -> serializers.URLField:
    return serializers.URLField(required=False, allow_null=True, allow_blank=True, max_length=2000)


class VersionField(serializers.CharField):
    """A version. A number with a point is none: of 1.10, which comes as 1.1, nobody could tell which was meant."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, float):
            raise ValidationError('Say a version in quotes: "1.10" and "1.1" are two, and one number.')
        version: str = super().to_internal_value(data)
        return version


class ProjectsField(serializers.ListField):
    """Words for projects. A list that is too long is not read: each wrong word in it would be an error of its own."""

    child = serializers.CharField()

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > MAX_PROJECTS:
            raise ValidationError(f"Name {MAX_PROJECTS:,} projects at most.")
        return super().to_internal_value(data)


def _moment() -> serializers.DateTimeField:
    return serializers.DateTimeField(required=False, allow_null=True)


class ReleaseChangeSerializer(serializers.Serializer[Any]):
    """What may change about a release. Any field may be absent, or null: leave that alone.

    ``refs`` and ``commits``, which clients send too, are ignored like any unknown key: no commits are kept.

    :param context: ``projects``, those that the caller may name.
    """

    projects = ProjectsField(required=False, allow_null=True)
    ref = _text(250)
    url = _url()
    status = serializers.ChoiceField(ReleaseStatus.values, required=False, allow_null=True)
    dateStarted = _moment()
    dateReleased = _moment()

    def validate_projects(self, words: list[str] | None) -> frozenset[int]:
        """Look the projects up, by slug or id; one that the caller can't see is as unknown as one that isn't."""
        return find_projects(words, self.context["projects"]) if words else frozenset()

    def to_change(self) -> ReleaseChange:
        """Return the valid body as a value."""
        values = self.validated_data
        return ReleaseChange(
            project_ids=values.get("projects") or frozenset(),
            ref=values.get("ref"),
            url=values.get("url"),
            status=values.get("status"),
            started_at=values.get("dateStarted"),
            released_at=values.get("dateReleased"),
        )


class ReleaseSerializer(ReleaseChangeSerializer):
    """The same, of the release that the body names by its version."""

    version = VersionField(max_length=MAX_VERSION)

    def validate_version(self, version: str) -> str:
        """Refuse what could not be an address, or means something else."""
        if version == LATEST:
            raise ValidationError(f'"{LATEST}" can\'t be a version: it means the newest release.')
        if re.search(r"[\x00-\x1f\x7f\\]", version):
            raise ValidationError("A version has no line breaks, tabs or other control characters, and no backslashes.")
        *above, last = version.split("/")
        if not {"", ".", ".."}.isdisjoint([*above, last]):
            raise ValidationError('A version, or a part of it between slashes, can\'t be empty, "." or "..".')
        if above and last in BELOW_A_RELEASE:
            raise ValidationError(f'A version can\'t end in "/{last}": that is another address.')
        return version


class NewDeploySerializer(serializers.Serializer[Any]):
    """A deploy. ``projects`` is ignored: a deploy is of all projects of its release that the caller sees."""

    environment = serializers.CharField(max_length=64)
    name = _text(64)
    url = _url()
    dateStarted = _moment()
    dateFinished = _moment()

    def to_deploy(self, *, at: datetime) -> NewDeploy:
        """Return the valid body as a value; it is finished at ``at`` unless the body says when."""
        values = self.validated_data
        return NewDeploy(
            environment=values["environment"],
            finished_at=values.get("dateFinished") or at,
            name=values.get("name") or "",
            url=values.get("url") or "",
            started_at=values.get("dateStarted"),
        )


def find_projects(words: Iterable[str], among: Sequence[Project]) -> frozenset[int]:
    """Return the ids of the projects that the words name, each a slug or an id.

    :raises ValidationError: there are no such projects among these; it names them.
    """
    words = list(dict.fromkeys(words))
    ids = {word: int(word) for word in words if is_id(word)}
    called = {project.slug: project.pk for project in among}
    there = set(called.values())
    found = {word: called.get(word, ids.get(word)) for word in words}
    known = there.intersection(found.values())
    unknown = [word for word in words if found[word] not in known]
    if unknown:
        raise ValidationError([f'There is no project "{word[:50]}" here.' for word in unknown[:WRONG_VALUES_NAMED]])
    return frozenset(known)


# ---------------------------------------------------------------------------------------------------------------------
# Which releases a list shows
# ---------------------------------------------------------------------------------------------------------------------


def read_status(params: QueryDict) -> str:
    """Return the status that a list is narrowed to; an empty word is none.

    :raises ValidationError: there is no such status.
    """
    status = params.get("status", "")
    if status and status not in ReleaseStatus.values:
        known = ", ".join(ReleaseStatus.values)
        raise ValidationError({"status": [f'"{status[:40]}" is not a status; say one of {known}.']})
    return status


def named_projects(projects: Sequence[Project], params: QueryDict) -> Sequence[Project]:
    """Return those of the projects whose ids ``project`` repeats; all, when it is not there.

    :raises ValidationError: one of them is no id, or of no such project.
    """
    ids = read_project_ids(params.getlist("project"))
    if ids is None:
        return projects
    unknown = sorted(ids.difference(project.pk for project in projects))
    if unknown:
        raise ValidationError({"project": [f"There is no project {pk} here." for pk in unknown[:WRONG_VALUES_NAMED]]})
    return [project for project in projects if project.pk in ids]


# ---------------------------------------------------------------------------------------------------------------------
# How they are answered
# ---------------------------------------------------------------------------------------------------------------------


def describe_release(gathered: Gathered, around: Around) -> answers.Release:
    """Return a release, with what stands around it. Its id and those of its projects are numbers (contract 5)."""
    release = gathered.first
    of_projects = sorted(gathered.releases, key=lambda row: around.projects[row.project_id].slug)
    last_deploy = around.last_deploys.get(release.version)
    return {
        "id": release.pk,
        "version": release.version,
        "status": release.status,
        "shortVersion": _short(release.version),
        "versionInfo": describe_version(release.version),
        "ref": release.ref or None,
        "url": release.url or None,
        "dateCreated": iso(release.created_at),
        "dateStarted": _iso_or_none(release.started_at),
        "dateReleased": _iso_or_none(release.released_at),
        "data": {},
        "newGroups": sum(around.new_issues.get(row.pk, 0) for row in of_projects),
        "owner": None,
        "commitCount": 0,
        "lastCommit": None,
        "deployCount": 0 if last_deploy is None else last_deploy.count,
        "lastDeploy": None if last_deploy is None else describe_deploy(last_deploy),
        "authors": [],
        "projects": [
            _describe_project(around.projects[row.project_id], around.new_issues.get(row.pk, 0)) for row in of_projects
        ],
        "firstEvent": None,
        "lastEvent": None,
    }


def _describe_project(project: Project, new_issues: int) -> answers.ProjectOfRelease:
    return {
        "id": project.pk,
        "slug": project.slug,
        "name": project.name,
        "newGroups": new_issues,
        "platform": project.platform or None,
        "platforms": [project.platform] if project.platform else [],
        "hasHealthData": False,
    }


def describe_deploy(deploy: Deploy) -> answers.Deploy:
    return {
        "id": str(deploy.pk),
        "environment": deploy.environment,
        "name": deploy.name or None,
        "url": deploy.url or None,
        "dateStarted": _iso_or_none(deploy.started_at),
        "dateFinished": iso(deploy.finished_at),
    }


def describe_version(version: str) -> answers.VersionInfo:
    """Return the parts of ``package@version+build``, which people are told to name releases by."""
    found = re.fullmatch(r"(@?[^@]+)@(.+)", version)
    package, raw = found.groups() if found else (None, version)
    number, _, build = raw.partition("+")
    return {
        "package": package,
        "version": {"raw": raw},
        "description": f"{number} ({build})" if number and build else _short(raw),
        "buildHash": raw if re.fullmatch(r"(?=.*[a-f])[0-9a-f]{6,64}", raw) else None,
    }


def _short(version: str) -> str:
    """Shorten a commit's whole hash as people do."""
    return version[:7] if re.fullmatch(r"[0-9a-f]{40}", version) else version


def _iso_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
