from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created

from projects.database import citus


class ProjectsConfig(AppConfig):
    """Who and where: users, organizations, teams, projects, releases, credentials. Knows nothing of issues."""

    name = "projects"

    def ready(self) -> None:
        """Let each new connection tell whether its database is spread, and log-ins go on while a part of it is away."""
        connection_created.connect(citus.look)
        # By this name it takes the place of Django's own, which is connected later.
        user_logged_in.connect(citus.note_log_in, dispatch_uid="update_last_login")
