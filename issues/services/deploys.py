"""Deploys: a release went live in an environment."""

from functools import partial

from issues.mutation import NewDeploy
from issues.services import lookups, transactions
from projects.models import Deploy


def record(release_id: int, deploy: NewDeploy, *, lock_timeout: int) -> Deploy | None:
    """Keep a deploy of a release; None when the release is gone.

    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was written.
    """
    return transactions.run(partial(_record, release_id, deploy), lock_timeout=lock_timeout)


def _record(release_id: int, deploy: NewDeploy) -> Deploy | None:
    if not lookups.hold_release(release_id):
        return None
    return Deploy.objects.create(
        release_id=release_id,
        environment=deploy.environment,
        name=deploy.name,
        url=deploy.url,
        started_at=deploy.started_at,
        finished_at=deploy.finished_at,
    )
