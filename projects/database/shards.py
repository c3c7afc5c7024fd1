"""Which tables are divided by project, and which belong to all projects.

A project's are those that a request about it writes, or holds while it writes: all of these are of one shard. What
belongs to all (people, teams, organizations, credentials) is small, and written by operators.
"""

from django.apps import apps

# They have a project, and are no project's.
OF_ALL = {
    "projects_clientkey": "a credential: an event is known by it before its project is, and no mutation names it",
    "projects_project_teams": "says who sees a project, and is asked by the person",
}


def of_projects() -> list[str]:
    """Return the tables that are divided by project, those that others point at before these."""
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table: {field.column for field in model._meta.concrete_fields} for model in models}
    return [table for table, columns in tables.items() if "project_id" in columns and table not in OF_ALL]
