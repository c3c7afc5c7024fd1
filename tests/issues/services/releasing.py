"""A release is made, changed and deleted; what waits for one."""

from datetime import timedelta
from typing import Any

from issues.models import Issue
from issues.mutation import ReleaseChange
from issues.services import releases
from projects.models import Deploy, Project, Release
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import IssueFactory

DAY = timedelta(days=1)
COLUMNS = ("version", "ref", "url", "status", "started_at", "released_at", "created_at")


def save(version: str, *projects: Project, seen: tuple[Project, ...] = (), **said: Any) -> bool:
    """Make it, or change it where it is seen: in these projects and those that are named."""
    change = ReleaseChange(project_ids=frozenset(project.pk for project in projects), **said)
    seen_in = {project.pk for project in (*seen, *projects)}
    return releases.save(version, change, act(), seen_in=seen_in)


def update(release: Release, *projects: Project, seen: tuple[Project, ...] = (), **said: Any) -> bool:
    change = ReleaseChange(project_ids=frozenset(project.pk for project in projects), **said)
    seen_in = {release.project_id, *(project.pk for project in (*seen, *projects))}
    return releases.update(release.version, change, act(), seen_in=seen_in)


def delete(release: Release, *seen: Project) -> bool:
    seen_in = {release.project_id, *(project.pk for project in seen)}
    return releases.delete(release.version, act(), seen_in=seen_in)


def everything() -> dict[str, Any]:
    return {
        "releases": list(Release.objects.order_by("id").values()),
        "deploys": list(Deploy.objects.order_by("id").values()),
        "issues": snapshot(),
    }


def waiting(project: Project, base: Release | None = None) -> Issue:
    return IssueFactory(project=project, resolved_in_next_release=True, resolution_release=base)


def resolved_in(issue: Issue) -> str | None:
    """Return the version that settled the issue; None when it waits still."""
    issue.refresh_from_db()
    return issue.resolution_release.version if issue.resolution_kind == "in_release" else None
