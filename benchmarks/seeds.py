"""The database of the benchmarks: one of its own beside the user's, made once and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.plan import Plan
from issues.enums import IssueStatus
from issues.management.commands.seed_issues import MIXED, make_many
from issues.models import Issue
from projects.credentials import create_token, hashed
from projects.models import ApiToken, Organization, OrganizationMember, Project, Release, Role, Team, User

ORGANIZATION = "benchmarks"

# What changes leave behind; seeds write none of it.
WRITTEN = (
    *("issues_activity", "issues_mutation", "issues_issueseen", "issues_issuebookmark"),
    "issues_issuesubscription",
)
TABLES = (*WRITTEN, "issues_issue", "issues_issuehour", "issues_issuehash", "issues_issuetext", "issues_issuerelease")


@dataclass(frozen=True, slots=True)
class Seeds:
    """Who and what there is. ``fresh`` is where issues are made that will be deleted."""

    tested: Project
    large: Project
    fresh: Project
    others: Sequence[Project]
    jane: User
    token: str


def use_database(name: str) -> None:
    """Let this process work on a database of that name, made and migrated if it isn't there."""
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=False, serialize=False, keepdb=True)


def drop_database(name: str) -> None:
    """Drop the database of that name, if there is one; this process may be left with one that is gone."""
    connection.close()
    # Not by Django's destroy_test_db, which drops whatever this process is connected to: the user's own, it may be.
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(name)}")


def seed(plan: Plan) -> Seeds:
    """Make what is missing; return what there is, every issue as it was made."""
    organization, _ = Organization.objects.get_or_create(slug=ORGANIZATION, defaults={"name": "Benchmarks"})
    team, _ = Team.objects.get_or_create(organization=organization, slug="engineers", defaults={"name": "Engineers"})
    for name in ("jane", "sam"):
        user, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com"})
        OrganizationMember.objects.get_or_create(organization=organization, user=user, defaults={"role": Role.MEMBER})
    jane = User.objects.get(username="jane")
    team.members.add(jane)
    ApiToken.objects.filter(user=jane).delete()
    _, token = create_token(jane)
    _prepare_tables()
    seeds = Seeds(
        tested=_project(organization, team, "tested", plan.tested, IssueStatus.UNRESOLVED),
        large=_project(organization, team, "large", plan.large, IssueStatus.UNRESOLVED),
        fresh=_project(organization, team, "fresh", 0, IssueStatus.UNRESOLVED),
        others=[
            _project(organization, team, f"other-{number}", plan.each, MIXED) for number in range(1, plan.others + 1)
        ],
        jane=jane,
        token=token,
    )
    restore(seeds.tested)
    restore(seeds.large)
    return seeds


def make_fresh(project: Project, count: int) -> list[int]:
    """Make so many issues more; return their ids."""
    known = Issue.objects.filter(project=project).order_by("-short_number").values_list("short_number", flat=True)
    before = next(iter(known[:1]), 0)
    make_many(
        f"{ORGANIZATION}/{project.slug}",
        count,
        seed=0,
        status=IssueStatus.UNRESOLVED,
        now=timezone.now(),
        show_progress=False,
    )
    made = Issue.objects.filter(project=project, short_number__gt=before)
    return list(made.values_list("id", flat=True))


def ids_of(project: Project, **states: Any) -> list[int]:
    """Return the ids of the project's issues, ascending; of those in a state, if one is given."""
    return list(Issue.objects.filter(project=project, **states).order_by("id").values_list("id", flat=True))


def restore(project: Project) -> None:
    """Give the issues of the project back the state in which they were made, and forget all history.

    What is unresolved again counts as restored, whoever did that.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM issues_issue WHERE project_id = %s", [project.pk])
        first, last = cursor.fetchone()
        if first is not None:
            where = {"project_id": project.pk, "first": first, "last": last}
            cursor.execute(RESTORE, where)
            cursor.execute("DELETE FROM issues_issuehour WHERE project_id = %(project_id)s AND own_count = 0", where)
            cursor.execute(
                """
                UPDATE issues_issuehour SET total_count = own_count
                WHERE project_id = %(project_id)s AND total_count <> own_count
                """,
                where,
            )
    settle()


# By id as well: the issues of a project were made in one go, which spares a look at all the others.
RESTORE = """
    UPDATE issues_issue
    SET status = 'unresolved', status_by_id = NULL, resolved_at = NULL,
        resolution_kind = NULL, resolution_release_id = NULL,
        snooze_ends_at = NULL, snooze_ends_at_times_seen = NULL, snooze_ends_at_users_seen = NULL,
        snooze_escalates_above = NULL, snooze_started_at = NULL, reopened_as = NULL,
        assignee_user_id = NULL, share_id = NULL, merged_into_id = NULL, mutation_id = NULL,
        first_seen = own_first_seen, last_seen = own_last_seen, times_seen = own_times_seen,
        users_seen = own_users_seen, comment_count = own_comment_count,
        first_release_id = own_first_release_id, last_release_id = own_last_release_id
    WHERE project_id = %(project_id)s AND id BETWEEN %(first)s AND %(last)s
      AND NOT (status = 'unresolved' AND assignee_user_id IS NULL AND share_id IS NULL AND merged_into_id IS NULL
               AND times_seen = own_times_seen)
"""


# A little of everything, by somebody else and on issues that nothing is measured on. Of tables that are empty,
# PostgreSQL expects that they stay small, and reads them whole for every row.
HISTORY = """
    WITH issue AS MATERIALIZED (
        SELECT issue.id, issue.project_id, person.id AS user_id
        FROM issues_issue AS issue
        JOIN projects_project AS project ON project.id = issue.project_id AND project.slug LIKE 'other-%'
        JOIN projects_user AS person ON person.username = 'sam'
        LIMIT 5000
    ),
    seen AS (
        INSERT INTO issues_issueseen (project_id, issue_id, user_id, seen_at)
        SELECT project_id, id, user_id, now() FROM issue
    ),
    bookmarked AS (
        INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
        SELECT project_id, id, user_id, now() FROM issue
    ),
    followed AS (
        INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)
        SELECT project_id, id, user_id, true, 'bookmark', now() FROM issue
    ),
    mutation AS (
        INSERT INTO issues_mutation
            (project_id, kind, user_id, created_at, ids, body, matched, changed,
             seen_ids, bookmark_ids, subscription_ids)
        SELECT project_id, 'update', user_id, now(), ARRAY[id], '{}', 1, 1, '{}', '{}', '{}' FROM issue
        RETURNING id, project_id, user_id, ids[1] AS issue_id
    )
    INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at, mutation_id)
    SELECT project_id, issue_id, 'set_unresolved', '{}', user_id, now(), id FROM mutation
"""


def settle() -> None:
    """Forget all history but a little, and clean up: what is measured next starts from the same tables as what was."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(WRITTEN)}")
        cursor.execute(HISTORY)
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}")
        cursor.execute("CHECKPOINT")


def add_crowd(size: int) -> None:
    """Make so many members of the organization with a token each, and a tenth as many projects and teams of it."""
    organization = Organization.objects.get(slug=ORGANIZATION)
    names = [f"crowd-{number}" for number in range(size)]
    users = User.objects.bulk_create(User(username=name) for name in names)
    OrganizationMember.objects.bulk_create(
        OrganizationMember(organization=organization, user=user, role=Role.MEMBER) for user in users
    )
    ApiToken.objects.bulk_create(ApiToken(user=user, secret_hash=hashed(user.username)) for user in users)
    some = names[: size // 10]
    Team.objects.bulk_create(Team(organization=organization, slug=name, name=name) for name in some)
    Project.objects.bulk_create(Project(organization=organization, slug=name, name=name) for name in some)
    tables = [model._meta.db_table for model in (User, OrganizationMember, ApiToken, Team, Project)]
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")


def _prepare_tables() -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            # It would begin in the middle of something; here it is done between two measurements.
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


def _project(organization: Organization, team: Team, slug: str, count: int, status: str) -> Project:
    project, _ = Project.objects.get_or_create(
        organization=organization, slug=slug, defaults={"name": slug, "platform": "python"}
    )
    team.projects.add(project)
    for version in ("1.0.0", "1.1.0"):
        Release.objects.get_or_create(project=project, version=version)
    there = Issue.objects.filter(project=project).count()
    if there < count:
        make_many(
            f"{ORGANIZATION}/{slug}", count - there, seed=0, status=status, now=timezone.now(), show_progress=None
        )
    return project
