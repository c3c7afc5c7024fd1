"""Deploys: a release went live in an environment."""

from collections.abc import Collection

from issues.mutation import NewDeploy
from issues.services.ground import lookups
from projects import acting
from projects.acting import Act
from projects.models import Deploy


def record(version: str, deploy: NewDeploy, act: Act, *, seen_in: Collection[int]) -> Deploy | None:
    """Keep a deploy of the releases of this version in these projects; return the first of its rows, None when the
    releases are gone.

    It is a row of each: who sees one of the projects alone sees it there.

    :raises OperationalError: no lock in time, or no database; nothing was written.
    """
    for attempt in acting.attempts(act):
        with attempt:
            made = _record(version, deploy, seen_in=seen_in)
    return made


def _record(version: str, deploy: NewDeploy, *, seen_in: Collection[int]) -> Deploy | None:
    held = lookups.hold_releases(version, seen_in)
    if not held:
        return None
    columns = {
        "environment": deploy.environment,
        "name": deploy.name,
        "url": deploy.url,
        "started_at": deploy.started_at,
        "finished_at": deploy.finished_at,
    }
    (first, its_project), *others = held
    made = Deploy.objects.create(release_id=first, project_id=its_project, **columns)
    Deploy.objects.bulk_create(
        Deploy(release_id=pk, project_id=project_id, told_as_id=made.pk, **columns) for pk, project_id in others
    )
    return made
