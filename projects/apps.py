from django.apps import AppConfig
from django.db.backends.signals import connection_created

from projects.database import citus


class ProjectsConfig(AppConfig):
    """Who and where: users, organizations, teams, projects, releases, credentials. Knows nothing of issues."""

    name = "projects"

    def ready(self) -> None:
        """Let each new connection tell whether its database is spread."""
        connection_created.connect(citus.look)
