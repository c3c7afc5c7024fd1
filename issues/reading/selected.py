"""What somebody selected in a list: issues of any projects, by their ids, or all that a search finds there."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet

from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import AllIssues
from issues.querysets import snooze_is_over
from issues.services.ground import names
from projects.database.keyset import Position, Sort
from projects.models import OrganizationMember, Project, Release, Team


def resolved(scopes: Sequence[AllIssues], *, at: datetime) -> list[AllIssues]:
    """Return these scopes, which have one search and one ``among``, with ids for the names in it.

    :raises UnknownName: the search names what isn't there: negated it would mean everything.
    """
    if not scopes:
        return []
    among = scopes[0].among or [scope.project_id for scope in scopes]
    names.refuse_unknown(scopes[0].terms, among, at=at)
    terms = names.resolve(scopes[0].terms, among, at=at)
    return [replace(scope, terms=terms) for scope in scopes]


def read_ids(scopes: Iterable[AllIssues], limit: int, *, at: datetime) -> dict[int, frozenset[int]] | None:
    """Return the ids of all issues in these scopes, which are :func:`resolved`, by project; None when they are more
    than ``limit``.

    Never the first of them: who acts on a part of "all" believes that it was all.
    """
    ids: dict[int, frozenset[int]] = {}
    for scope in scopes:
        found = Issue.objects.in_scope(scope, at=at).order_by().values_list("pk", flat=True)
        of_project = frozenset(found[: limit + 1])
        limit -= len(of_project)
        if limit < 0:
            return None
        if of_project:
            ids[scope.project_id] = of_project
    return ids


def first_ids(scopes: Sequence[AllIssues], limit: int, *, at: datetime) -> list[int]:
    """Return the ids of the first issues that a list of these scopes, which are :func:`resolved`, would show."""
    start = Position(Sort("last_seen"))
    keys = [
        key
        for scope in scopes
        for key in Issue.objects.matching(scope.terms, at=at).page(
            [scope.project_id], scope.statuses, at=at, position=start, limit=limit
        )
    ]
    return [pk for _, pk in sorted(keys, reverse=True)[:limit]]


def count_all(scopes: Iterable[AllIssues], *, at: datetime) -> dict[int, Counter[str]]:
    """Return how many issues of each status are in these scopes, which are :func:`resolved`, by project; exactly."""
    return {scope.project_id: _count(Issue.objects.in_scope(scope, at=at), at=at) for scope in scopes}


def count_named(ids: Mapping[int, Iterable[int]], *, at: datetime) -> dict[int, Counter[str]]:
    """Return how many of these issues, by project, have which status; those that are merged count as such."""
    found: dict[int, Counter[str]] = {}
    for project_id, of_project in ids.items():
        issues = Issue.objects.with_ids(project_id, list(of_project))
        merged = issues.filter(merged_into__isnull=False).count()
        found[project_id] = _count(issues.visible(), at=at) + Counter({MERGED: merged})
    return found


MERGED = "merged"  # beside the statuses: what is hidden in another issue has none that is shown


def _count(issues: QuerySet[Any], *, at: datetime) -> Counter[str]:
    # Grouped by the column, as reading/counts.py does.
    rows = (
        issues.order_by().values_list("status").annotate(all=Count("pk"), over=Count("pk", filter=snooze_is_over(at)))
    )
    counts: Counter[str] = Counter()
    for status, number, over in rows:
        counts[status] += number - over
        counts[IssueStatus.UNRESOLVED] += over
    return +counts


def read_titles(project_id: int, ids: Sequence[int]) -> list[Any]:
    """Return these issues of a project, the lowest id first, each with its ``title`` and its project."""
    issues = Issue.objects.filter(project=project_id, pk__in=ids).annotate(title=F("text__title")).order_by("pk")
    return list(issues.select_related("project"))


def suggest_assignees(organization_id: int, projects: Iterable[Project], limit: int) -> list[str]:
    """Return up to ``limit`` members and as many teams who can be assigned, in the words that a body has for them."""
    members = OrganizationMember.objects.filter(organization=organization_id, user__is_active=True)
    names = members.order_by("user_id").values_list("user__username", flat=True)[:limit]
    teams = Team.objects.filter(organization=organization_id, projects__in=projects).distinct()
    return [*names, *(f"#{slug}" for slug in teams.order_by("slug").values_list("slug", flat=True)[:limit])]


def suggest_releases(project_ids: Sequence[int], limit: int, *, at: datetime) -> list[str]:
    """Return the versions of the newest releases that are out, of one project; of several, none are common to all."""
    if len(project_ids) != 1:
        return []
    releases = Release.objects.of_project(project_ids[0]).out_at(at).newest_first()
    return list(releases.values_list("version", flat=True)[:limit])
