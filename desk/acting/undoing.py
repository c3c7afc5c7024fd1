"""Undoing what a message offers to undo."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from desk.acting.attempting import act_of, attempt, say_done
from desk.acting.naming import changed_in_words
from desk.people import AT_ONCE, visitor_of
from desk.ways import way_back
from desk.wording import counted
from issues.reading.history import find_those, projects_of
from issues.services import undo
from projects.querysets import is_id
from projects.roles import May
from projects.visitors import standing_in


@require_POST
def undo_page(request: HttpRequest) -> HttpResponse:
    """Undo the mutations that the form names, each as far as things still are as it left them; lead back.

    An action has one for each project that it changed something in: as many as a page is about, at most.

    A mutation of a project that somebody doesn't see, or where their role allows no change, is as unknown as one that
    isn't there.

    :raises BadRequest: no page of the desk posts that.
    """
    visitor, back = visitor_of(request), way_back(request.POST.get("back", ""))
    words = request.POST.get("mutations", "").split(",")
    if len(words) > AT_ONCE:
        raise BadRequest(f"These are more than {AT_ONCE:,} mutations.")
    ids = [int(word) for word in words if is_id(word)]
    standing = standing_in(request)
    projects = visitor.among(lambda: projects_of(ids))
    theirs = [project.pk for project in projects if standing.may(May.TRIAGE, project.organization_id)]
    mutations = find_those(theirs, ids)
    if not mutations:
        messages.error(request, undo.UnknownMutation.sentence)
    outcomes = []
    for project_id, pk in mutations:
        done = attempt(request, lambda: undo.undo(project_id, pk, act_of(visitor)))  # noqa: B023 - called here
        if done is None:
            break
        outcomes.append(done)
    if outcomes:
        changed, skipped = (sum(getattr(done, name) for done in outcomes) for name in ("changed", "skipped"))
        left = f" {counted(skipped)} left alone: something of them is not as it was left any more." if skipped else ""
        if changed:
            undos = [done.mutation_id for done in outcomes]
            said = changed_in_words(changed, {project_id for project_id, _ in mutations}, undos, visitor.by, back)
            say_done(request, format_html("Undone: {} put back.{}", said, left), undos)
        else:
            messages.info(request, f"There was nothing to put back.{left}")
    return HttpResponseRedirect(back)
