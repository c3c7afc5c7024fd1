"""What somebody selected in a list: issues of any projects, by their ids, or all that a search finds there."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q

from issues import short_ids
from issues.conditions import snooze_is_over
from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import AllIssues
from issues.querysets import IssueQuerySet
from issues.search import split_status
from issues.services.ground import names
from issues.services.ground.narrowing import Narrowing, narrowing_of
from projects.database import citus
from projects.database.keyset import Key, Position, Sort
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


def narrowed(scopes: Sequence[AllIssues]) -> Narrowing:
    """Return to what the search of these scopes, which are :func:`resolved`, can be narrowed."""
    return narrowing_of(scopes[0].terms if scopes else (), [scope.project_id for scope in scopes])


def read_ids(
    scopes: Sequence[AllIssues], narrowing: Narrowing, limit: int, *, at: datetime
) -> dict[int, frozenset[int]] | None:
    """Return the ids of all issues in these scopes, which are :func:`narrowed`, by project; None when they are more
    than ``limit``.

    Never the first of them: who acts on a part of "all" believes that it was all.
    """
    rows = narrowing.first(_in(scopes, at=at), limit + 1) if scopes else []
    if len(rows) > limit:
        return None
    ids: dict[int, set[int]] = {}
    for project_id, pk in rows:
        ids.setdefault(project_id, set()).add(pk)
    return {project_id: frozenset(ids[project_id]) for project_id in sorted(ids)}


def short_ids_of(projects: Sequence[Project], ids: Sequence[int]) -> dict[int, str]:
    """Return what people call those of these issues that are in these projects, merged ones too."""

    def ask(project_ids: Iterable[int]) -> list[tuple[int, int, int]]:
        issues = Issue.objects.of_projects(project_ids).filter(id__any_of=sorted(ids))
        return list(issues.values_list("project_id", "pk", "short_number"))

    slugs = {project.pk: project.slug for project in projects}
    found = citus.ask_all_or_each(ask, sorted(slugs), enough=len(ids)) if ids else []
    return {pk: short_ids.write(slugs[project_id], number) for project_id, pk, number in found}


def projects_with_any(scopes: Sequence[AllIssues], narrowing: Narrowing, *, at: datetime) -> list[int]:
    """Return the projects of those scopes, which are :func:`narrowed`, that have any issue, ascending."""
    rows = narrowing.any_in_each(_in(scopes, at=at)) if scopes else []
    return sorted(project_id for project_id, _ in rows)


def _in(scopes: Sequence[AllIssues], *, at: datetime) -> IssueQuerySet:
    found = Issue.objects.visible().matching(scopes[0].terms, at=at)
    return found if scopes[0].statuses is None else found.with_status(scopes[0].statuses, at=at)


def first_ids(scopes: Sequence[AllIssues], narrowing: Narrowing, limit: int, *, at: datetime) -> list[int]:
    """Return the ids of the first issues that a list of these scopes, which are :func:`narrowed`, would show."""
    if not scopes:
        return []
    statuses, terms = (scopes[0].statuses, scopes[0].terms) if scopes[0].statuses else split_status(scopes[0].terms)
    found, project_ids = narrowing.narrow(Issue.objects.matching(terms, at=at)), narrowing.project_ids

    def page(issues: IssueQuerySet, of: Sequence[int]) -> list[Key]:
        return issues.page(of, statuses or None, at=at, position=Position(Sort("last_seen")), limit=limit)

    if narrowing.is_of_common_words and len(project_ids) > 1:
        # How far back all are to be read, the page of one tells: to fill a page of each takes many texts.
        keys = page(found, narrowing.largest(found.visible()))
        found = found.filter(last_seen__gte=keys[-1][0]) if len(keys) == limit else found
    return [pk for _, pk in page(found, project_ids)]


MERGED = "merged"  # beside the statuses: what is hidden in another issue has none that is shown


def count_named(ids: Mapping[int, Iterable[int]], *, at: datetime) -> dict[int, Counter[str]]:
    """Return how many of these issues, by project, have which status; those that are merged count as such."""
    counts: dict[int, Counter[str]] = {project_id: Counter() for project_id in ids}
    is_merged = ExpressionWrapper(Q(merged_into__isnull=False), output_field=BooleanField())
    for group in citus.together(ids):
        named = [pk for project_id in group for pk in ids[project_id]]
        of_one = {"project_id": group[0]} if len(group) == 1 else {"project__id__any_of": group}
        issues = Issue.objects.filter(**of_one, id__any_of=named).order_by()
        rows = issues.values_list("project_id", "status", is_merged).annotate(
            all=Count("pk"), over=Count("pk", filter=snooze_is_over(at))
        )
        for project_id, status, merged, number, over in rows:
            if merged:
                counts[project_id][MERGED] += number
            else:
                counts[project_id][status] += number - over
                counts[project_id][IssueStatus.UNRESOLVED] += over
    return {project_id: +of_project for project_id, of_project in counts.items()}


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
