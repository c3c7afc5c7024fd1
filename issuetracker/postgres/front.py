"""What others ask of the embedded server itself."""

from django.conf import settings

from issuetracker.postgres import lease
from issuetracker.postgres.cluster import LEAVING, PORT, SUPERUSER, Cluster
from issuetracker.postgres.folder import data_dir


def is_embedded() -> bool:
    """Return whether the database is this installation's own PostgreSQL, not one behind DATABASE_URL."""
    return bool(settings.DATABASES["default"]["ENGINE"] == "issuetracker.postgres")


def address(database: str) -> dict[str, str]:
    """Return what psycopg2 connects with; nothing is started for it, and nobody may be there.

    :raises ImproperlyConfigured: the data folder can't be used.
    """
    cluster = lease.held() or Cluster(data_dir())
    return {"host": str(cluster.socket_dir), "port": PORT, "user": SUPERUSER, "dbname": database}


def start(database: str) -> None:
    """Return once the server takes connections, and has this database; it runs until this process ends, at least.

    :raises ImproperlyConfigured: it can't run here; the sentence says what to set.
    :raises OperationalError: PostgreSQL itself refused; the sentence says why.
    """
    lease.take(database)


def is_leaving(error: BaseException) -> bool:
    """Return whether a connection was refused because the server is about to end, at once or when others have left."""
    return LEAVING in str(error)
