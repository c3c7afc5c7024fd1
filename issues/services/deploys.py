"""Deploys: a release went live in an environment."""

from collections.abc import Collection
from functools import partial

from issues.mutation import NewDeploy
from issues.services.ground import lookups
from projects.database import transactions
from projects.models import Deploy


def record(version: str, deploy: NewDeploy, *, seen_in: Collection[int], lock_timeout: int) -> Deploy | None:
    """Keep a deploy of the releases of this version in these projects; return the first of its rows, None when the
    releases are gone.

    It is a row of each: who sees one of the projects alone sees it there.

    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was written.
    """
    return transactions.run(partial(_record, version, deploy, seen_in=seen_in), lock_timeout=lock_timeout)


def _record(version: str, deploy: NewDeploy, *, seen_in: Collection[int]) -> Deploy | None:
    release_ids = lookups.hold_releases(version, seen_in)
    if not release_ids:
        return None
    columns = {
        "environment": deploy.environment,
        "name": deploy.name,
        "url": deploy.url,
        "started_at": deploy.started_at,
        "finished_at": deploy.finished_at,
    }
    first, *others = release_ids
    made = Deploy.objects.create(release_id=first, **columns)
    Deploy.objects.bulk_create(Deploy(release_id=pk, told_as_id=made.pk, **columns) for pk in others)
    return made
