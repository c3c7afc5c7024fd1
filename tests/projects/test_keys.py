"""Every key of what is a project's has the project in it, as PostgreSQL demands of what is divided by it.

Whoever adds a table is told here by its name; projects/database/keys.py makes its keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from issues.models import Environment, Issue, IssueEnvironment
from projects.database import shards
from projects.models import Deploy, Project
from tests.assertions import decided_by
from tests.factories import (
    NOW,
    DeployFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueTextFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

KEYS = """
    SELECT indrelid::regclass::text, indexrelid::regclass::text
    FROM pg_index
    WHERE indisunique AND indrelid = ANY(%s::regclass[]) AND NOT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey) AND attname = 'project_id'
    )
"""
# Which columns of both tables stand opposite each other.
REFERENCES = """
    SELECT conrelid::regclass::text, conname, confrelid::regclass::text, condeferred AND convalidated,
           array_agg(own.attname::text || ' = ' || other.attname::text ORDER BY own.attname)
    FROM pg_constraint
    CROSS JOIN unnest(conkey, confkey) AS pair (own, other)
    JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = pair.own
    JOIN pg_attribute AS other ON other.attrelid = confrelid AND other.attnum = pair.other
    WHERE contype = 'f' AND conrelid = ANY(%(tables)s::regclass[]) AND confrelid = ANY(%(tables)s::regclass[])
      AND conparentid = 0
    GROUP BY pg_constraint.oid
"""
# Not looked at by the database: docs/decisions/0035, and for minutes, users and environments as there.
HELD_BY_A_LOCK = {
    ("issues_activity", "issue_id"),
    ("issues_issuesubscription", "issue_id"),
    ("issues_issueminute", "issue_id"),
    ("issues_issueuser", "issue_id"),
    ("issues_issueenvironment", "issue_id"),
    # Two columns of the issue again, whose keys are looked at: docs/decisions/0078.
    ("issues_issuerelease", "issue_id"),
    ("issues_issuerelease", "release_id"),
}


@contextmanager
def decided_at_once(constraint: str, *, is_allowed: bool) -> Iterator[None]:
    """As ``decided_by``, for a foreign key, which waits for the commit otherwise."""
    with decided_by(constraint, is_allowed=is_allowed), connection.cursor() as cursor:
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def rows(sql: str, params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def test_every_table_of_issues_and_events_is_a_projects() -> None:
    """And releases, which a mutation names, and deploys, which hang on them. What else has a project, has a reason."""
    of_projects = set(shards.of_projects())
    domain = {model._meta.db_table for app in ("issues", "events") for model in apps.get_app_config(app).get_models()}

    assert of_projects == domain | {"projects_release", "projects_deploy"}


def test_every_primary_key_and_unique_constraint_has_the_project() -> None:
    assert rows(KEYS, [shards.of_projects()]) == []


def test_every_foreign_key_between_tables_of_a_project_has_the_project() -> None:
    found = rows(REFERENCES, {"tables": shards.of_projects()})

    assert found
    assert [f"{table}: {name}" for table, name, _, _, pairs in found if "project_id = project_id" not in pairs] == []
    assert [f"{table}: {name}" for table, name, _, is_late, _ in found if not is_late] == []


def test_the_database_looks_at_every_reference_but_those_that_a_lock_holds() -> None:
    of_projects = shards.of_projects()
    declared = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
        and model._meta.db_table in of_projects
        and field.target_field.model._meta.db_table in of_projects
    }
    looked_at = {
        (table, pair.split(" = ")[0])
        for table, _, _, _, pairs in rows(REFERENCES, {"tables": of_projects})
        for pair in pairs
        if pair != "project_id = project_id"
    }

    assert looked_at == declared - HELD_BY_A_LOCK
    assert declared > HELD_BY_A_LOCK


@pytest.mark.parametrize("column", ["own_first", "own_last", "first", "last", "resolution"])
@pytest.mark.parametrize("is_of_the_project", [True, False])
def test_an_issue_names_releases_of_its_project(column: str, is_of_the_project: bool) -> None:
    issue = IssueFactory(resolved_in_next_release=True)
    release = ReleaseFactory(projects=[issue.project]) if is_of_the_project else ReleaseFactory()

    with decided_at_once(f"issues_issue_{column}_release_of_its_project", is_allowed=is_of_the_project):
        Issue.objects.filter(pk=issue.pk).update(**{f"{column}_release": release})


@pytest.mark.parametrize("is_of_the_project", [True, False])
def test_an_issue_is_merged_into_one_of_its_project(is_of_the_project: bool, project: Project) -> None:
    issue = IssueFactory(project=project)
    parent = IssueFactory(project=project) if is_of_the_project else IssueFactory()

    with decided_at_once("issues_issue_merged_into_of_its_project", is_allowed=is_of_the_project):
        Issue.objects.filter(pk=issue.pk).update(merged_into=parent)


@pytest.mark.parametrize(
    "factory",
    [IssueTextFactory, IssueHashFactory, IssueHourFactory, IssueSeenFactory, IssueBookmarkFactory],
    ids=lambda factory: factory.__name__,
)
@pytest.mark.parametrize("is_of_the_project", [True, False])
def test_what_hangs_on_an_issue_is_of_its_project(factory: Any, is_of_the_project: bool, project: Project) -> None:
    row = factory()
    elsewhere = row.project_id if is_of_the_project else project.pk

    with decided_at_once(f"{row._meta.db_table}_issue_of_its_project", is_allowed=is_of_the_project):
        type(row).objects.filter(pk=row.pk).update(project_id=elsewhere)


@pytest.mark.parametrize("is_of_the_project", [True, False])
def test_a_deploy_is_of_its_releases_project(is_of_the_project: bool, project: Project) -> None:
    deploy = DeployFactory()

    with decided_at_once("projects_deploy_release_of_its_project", is_allowed=is_of_the_project):
        Deploy.objects.filter(pk=deploy.pk).update(project=deploy.project if is_of_the_project else project)


@pytest.mark.parametrize("is_of_the_project", [True, False])
def test_an_environment_is_of_its_issues_project(is_of_the_project: bool, project: Project) -> None:
    issue = IssueFactory()
    environment = Environment.objects.create(name="qa", project=issue.project if is_of_the_project else project)

    with decided_at_once("issues_issueenvironment_environment_of_its_project", is_allowed=is_of_the_project):
        IssueEnvironment.objects.create(
            project=issue.project, issue=issue, environment=environment, first_seen=NOW, last_seen=NOW, times_seen=1
        )
