from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Who and where: users, organizations, teams, projects, releases, credentials. Knows nothing of issues."""

    name = "projects"
