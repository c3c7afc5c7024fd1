"""The pages of the history: what was done, one mutation whole, and undoing it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.exceptions import ValidationError

from desk.acting.attempting import act_of, attempt, refused_by_role, say_done
from desk.acting.naming import changed_in_words
from desk.asking import GONE_PAGE
from desk.history.asking import chips_of, read_asked
from desk.history.changes import ChangedIssue, changed_issues
from desk.history.rows import Row, address_of, rows_of
from desk.history.sentences import ids_named, scope_in_words, wishes
from desk.pages import page, ways_beside
from desk.people import AT_ONCE, Visitor, visitor_of
from desk.texts import visible
from desk.ways import way_back
from desk.wording import counted
from issues.models import Mutation
from issues.mutation import UndoOutcome
from issues.reading.history import changes_of, find_mutation, projects_of, read_changes, sort_of_changes
from issues.reading.items import look_up_names
from issues.reading.mutations import ListedMutation, find_listed, read_chain, read_listed
from issues.services import undo
from issues.services.ground import history
from issues.services.verbs.merging import read_links
from projects.acting import Act
from projects.api.pagination import read_cursor
from projects.pages import ForeignCursor, Page, PageQuery
from projects.querysets import is_id
from projects.roles import May

ROWS = 50  # of a page
ISSUES = 50  # of a page of what one changed


@require_safe
def history_page(request: HttpRequest) -> HttpResponse:
    """Answer a page of what was done to the issues that somebody sees."""
    visitor = visitor_of(request)
    asked = read_asked(request.GET, visitor)
    error, found = asked.error, None
    if asked.query is not None:
        try:
            found = read_listed(asked.query, PageQuery(asked.position, ROWS), by=visitor.by)
        except ForeignCursor:
            error = GONE_PAGE
    chips, people = chips_of(asked, visitor)
    context = {
        "section": "history",
        "asked": asked,
        "error": error,
        "first_page": asked.address() if error == GONE_PAGE else "",
        "chips": chips,
        "at_once": AT_ONCE,
        "people": people,
        "several_organizations": visitor.sees_several_organizations,
        "everything": reverse("desk:history"),
        "rows": [] if found is None else _rows_of(found.rows, visitor),
        **ways_beside(found, lambda cursor: asked.address(cursor=cursor)),
    }
    return page(request, visitor, "desk/history/list.html", context)


@require_safe
def mutation_page(request: HttpRequest, mutation: int) -> HttpResponse:
    """Answer one mutation: what was asked, what it did to which issues, and what was undone since."""
    visitor = visitor_of(request)
    listed = _find(visitor, mutation)
    whole = None if listed is None else find_mutation(listed.project_id, listed.id)
    if listed is None or whole is None:
        return _none(request, visitor)
    found, issues, error = _read_issues(request, visitor, whole)
    chain = _rows_of(read_chain(listed, by=visitor.by), visitor)
    (row,) = _rows_of([listed], visitor)
    context = {
        "section": "history",
        "row": row,
        "mutation": listed,
        "scope": [visible(words) for words in scope_in_words(listed)],
        "named": [] if whole.ids is None else whole.ids,
        "wishes": _wishes(listed),
        "raw": _raw(whole, listed),
        "chain": chain,
        "issues": issues,
        "error": error,
        "several_organizations": visitor.sees_several_organizations,
        **ways_beside(found, "?cursor={}".format),
    }
    return page(request, visitor, "desk/history/mutation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def undo_mutation_page(request: HttpRequest, mutation: int) -> HttpResponse:
    """Answer what an undo would put back; once that is confirmed, do it and lead back, or to the undo's own page."""
    visitor = visitor_of(request)
    listed = _find(visitor, mutation)
    if listed is None:
        return _none(request, visitor)
    if not listed.can_be_undone:
        messages.error(request, str(undo.CannotUndoDeletion()))
        return HttpResponseRedirect(address_of(listed.id))
    if refused := refused_by_role(request, May.TRIAGE, visitor.seen([listed.project_id])):
        messages.error(request, refused)
        return HttpResponseRedirect(address_of(listed.id))

    def run(act: Act) -> UndoOutcome | None:
        return attempt(request, lambda: undo.undo(listed.project_id, listed.id, act))

    act, expected = act_of(visitor), request.POST.get("expected", "")
    if request.method == "POST" and is_id(expected):
        done = run(replace(act, expected=int(expected)))
        if done is not None:
            return _done(request, visitor, listed, done)
    outcome = run(replace(act, preview=True))
    (row,) = _rows_of([listed], visitor)
    context = {
        "section": "history",
        "row": row,
        "outcome": outcome,
        "button": f"Put back {counted(outcome.changed)}" if outcome is not None else "",
        "skipped": _skipped(visitor, listed, outcome),
        "more_skipped": 0 if outcome is None else outcome.skipped - len(outcome.skipped_ids),
        "several_organizations": visitor.sees_several_organizations,
        "back": _said_way_back(request),
    }
    return page(request, visitor, "desk/history/undo.html", context)


# ---------------------------------------------------------------------------------------------------------------------
# What a page is made of
# ---------------------------------------------------------------------------------------------------------------------


def _find(visitor: Visitor, pk: int) -> ListedMutation | None:
    """Return the mutation, if it is of a project that they see."""
    if not is_id(str(pk)):
        return None
    projects = visitor.among(lambda: projects_of([pk]))
    return find_listed([project.pk for project in projects], pk, by=visitor.by)


def _rows_of(mutations: Sequence[ListedMutation], visitor: Visitor) -> list[Row]:
    return rows_of(mutations, visitor.seen({mutation.project_id for mutation in mutations}))


def _none(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    return page(request, visitor, "desk/history/none.html", {"section": "history"}, status=404)


def _read_issues(
    request: HttpRequest, visitor: Visitor, mutation: Mutation
) -> tuple[Page[Any] | None, list[ChangedIssue], str]:
    """Return a page of what it changed, or why there is none."""
    sort = sort_of_changes(mutation)
    try:
        asked = PageQuery(read_cursor(request.GET.get("cursor"), sort, is_time=False), ISSUES)
        _, found, changes = read_changes(mutation, asked, by=visitor.by)
    except (ForeignCursor, ValidationError):
        return None, [], GONE_PAGE
    is_beyond = asked.position.key is not None and not found.rows
    return found, changed_issues(changes, at=visitor.at), GONE_PAGE if is_beyond else ""


def _wishes(listed: ListedMutation) -> list[str]:
    """Return what was asked for, one by one."""
    names = look_up_names(ids_named([listed]), [listed.project_id])
    them = "it" if listed.changed == 1 else "them"
    return [visible(wish.replace("{}", them, 1)) for wish in wishes(listed, names)]


def _raw(mutation: Mutation, listed: ListedMutation) -> str:
    """Return the body as it was asked, without what others don't see."""
    return "" if mutation.undoes is not None else visible(json.dumps(dict(listed.body), indent=2, ensure_ascii=False))


def _skipped(visitor: Visitor, listed: ListedMutation, outcome: UndoOutcome | None) -> Sequence[ChangedIssue]:
    """Return the first issues that an undo would leave alone, each with what it is there about."""
    whole = find_mutation(listed.project_id, listed.id)
    if whole is None or outcome is None or not outcome.skipped_ids:
        return []
    with_marks = history.shows_marks_to(whole, visitor.by)
    links = read_links(whole)
    changes = changes_of(whole, outcome.skipped_ids, links, with_marks=with_marks)
    return changed_issues(changes, at=visitor.at)


def _done(request: HttpRequest, visitor: Visitor, listed: ListedMutation, done: UndoOutcome) -> HttpResponse:
    left = f" {counted(done.skipped)} left alone: something of them is not as it was left." if done.skipped else ""
    if done.mutation_id is None:
        messages.info(request, f"There was nothing to put back: nothing was changed.{left}")
        target = address_of(listed.id)
    else:
        target = address_of(done.mutation_id)
        said = changed_in_words(done.changed, [listed.project_id], [done.mutation_id], visitor.by, target)
        say_done(request, format_html("Undone: {} put back.{}", said, left), [done.mutation_id])
    return HttpResponseRedirect(_said_way_back(request) or target)


def _said_way_back(request: HttpRequest) -> str:
    """Return where the form says that it came from, as an address of the desk; "" where it says nothing."""
    back = request.POST.get("back", "")
    return way_back(back) if back else ""
