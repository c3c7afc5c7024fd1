"""Rows for the admin, and what is read of its pages."""

import re
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.test import Client
from django.urls import reverse

from issues.enums import ActivityKind, MutationKind
from issues.models import (
    Activity,
    Issue,
    IssueText,
    Mutation,
)
from projects.models import Project

THEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
TABLES = ["issue", "activity", "mutation"]


def make_issue(project: Project, **columns: Any) -> Issue:
    """Make an issue with its text; its short number counts up."""
    columns = {
        "short_number": project.issues.count() + 1,
        **dict.fromkeys(["own_first_seen", "own_last_seen", "first_seen", "last_seen"], THEN),
        **columns,
    }
    issue: Issue = project.issues.create(**columns)
    IssueText.objects.create(issue=issue, project=project, title=f"Error number {issue.short_number}", culprit="main")
    return issue


def make_mutation(project: Project, **columns: Any) -> Mutation:
    columns = {"kind": MutationKind.UPDATE, "created_at": THEN, "matched": 1, "changed": 1, **columns}
    return Mutation.objects.create(project=project, **columns)


def make_activity(issue: Issue, mutation: Mutation, **columns: Any) -> Activity:
    columns = {"kind": ActivityKind.SET_UNRESOLVED, "created_at": THEN, **columns}
    return Activity.objects.create(issue=issue, project=issue.project, mutation_id=mutation.pk, **columns)


def address(table: str, page: str, *args: int) -> str:
    return reverse(f"admin:issues_{table}_{page}", args=args)


def listed(client: Client, table: str = "issue", **query: str | int) -> list[Any]:
    answer = client.get(address(table, "changelist"), query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def words_of(markup: str) -> str:
    """Return what people read."""
    return " ".join(re.sub("<[^>]*>", " ", markup).split())


def cells(page: str, column: str) -> list[str]:
    """Return what a column of a list says."""
    found = re.findall(rf'<t[dh] class="field-{column} [^>]*>(.*?)</t[dh]>', page, re.DOTALL)
    return [words_of(cell) for cell in found]


def one_of(table: str) -> int:
    model = next(model for model in admin.site._registry if model._meta.label_lower == f"issues.{table}")
    pk: int = model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
    return pk
