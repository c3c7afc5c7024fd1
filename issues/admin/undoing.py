"""Taking a mutation back: a page with the numbers of a preview, then the undo, by the service of the API."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from issues.admin.actions import act_of, attempt, counted, may_act, undo_links
from issues.admin.wording import link_to_mutation, linked_ids, shortened
from issues.enums import MutationKind
from issues.models import Mutation
from issues.mutation import UndoOutcome
from issues.reading.history import find_anywhere, is_kept, read_undone_by
from issues.services import undo
from issues.services.ground import history
from projects.acting import Act
from projects.querysets import is_id


def can_be_undone(mutation: Mutation) -> bool:
    """Return whether there is a way back; what was deleted is gone for good."""
    return mutation.kind != MutationKind.DELETE


def way_to_undo(request: HttpRequest, mutation: Mutation) -> str | None:
    """Return the address of the page that takes it back, for who may."""
    if not may_act(request) or not can_be_undone(mutation):
        return None
    return reverse("admin:issues_mutation_undo", args=[mutation.pk])


def undone_by(mutation: Mutation) -> SafeString | str:
    return link_to_mutation(read_undone_by([mutation]).get(mutation.pk))


def undoes(mutation: Mutation) -> SafeString | str:
    """Return a link to what it took back; only its id, if that is pruned by now."""
    if mutation.undoes is None or is_kept(mutation.undoes):
        return link_to_mutation(mutation.undoes)
    return f"{mutation.undoes}, which isn't kept any more"


def undo_page(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Answer what the undo would put back; once that is confirmed, do it, and lead to the undo's own page.

    :raises PermissionDenied: who asks may not view mutations and change issues.
    """
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    act = act_of(request)
    mutation = find_anywhere(int(object_id)) if is_id(object_id) else None
    if mutation is None:
        messages.error(request, "There is no such mutation, or none any more.")
        return HttpResponseRedirect(reverse("admin:issues_mutation_changelist"))
    page = reverse("admin:issues_mutation_change", args=[mutation.pk])
    if not can_be_undone(mutation):
        messages.error(request, str(undo.CannotUndoDeletion()))
        return HttpResponseRedirect(page)

    def run(act: Act) -> UndoOutcome | None:
        return attempt(request, lambda: undo.undo(mutation.project_id, mutation.pk, act))

    expected = request.POST.get("expected", "")
    if request.method == "POST" and is_id(expected):
        done = run(replace(act, expected=int(expected)))
        if done is not None:
            return _done(request, mutation, done, page)
    outcome = run(replace(act, preview=True))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Undo mutation {mutation.pk}",
        "opts": model_admin.opts,
        "mutation": mutation,
        "body": shortened(history.body_shown_to(mutation, act.by)),
        "page": page,
        "undone_by": undone_by(mutation),
        "outcome": outcome,
        "skipped_links": linked_ids(list(outcome.skipped_ids), absent="-") if outcome else "",
        "more_skipped": outcome.skipped - len(outcome.skipped_ids) if outcome else 0,
        "button": f"Put back {counted(outcome.changed)}" if outcome else "",
    }
    return TemplateResponse(request, "issues/admin/undo.html", context)


def _done(request: HttpRequest, mutation: Mutation, done: UndoOutcome, page: str) -> HttpResponse:
    if done.mutation_id is None:
        messages.info(request, "There was nothing to put back: nothing was changed.")
        return HttpResponseRedirect(page)
    sentence = "Mutation {} was undone: {} put back, {} left alone: {}."
    links = undo_links([done.mutation_id])
    messages.success(request, format_html(sentence, mutation.pk, counted(done.changed), f"{done.skipped:,}", links))
    return HttpResponseRedirect(reverse("admin:issues_mutation_change", args=[done.mutation_id]))
