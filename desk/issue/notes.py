"""Notes: written, changed and taken back on the page of an issue, by the service of the API and as it reads them."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from desk.acting.attempting import act_of, refused_by_role, why_not
from desk.issue.view import answer_issue, no_such_issue, project_ids
from desk.issue.ways import origin_of
from desk.people import Visitor, visitor_of
from issues.models import Issue
from issues.reading.activities import find_note
from issues.reading.named import find_all
from issues.serializers.activities import NoteSerializer
from issues.services import notes
from projects.roles import May

GONE = "The issue was deleted or merged meanwhile, or the note was deleted. Nothing was changed."


@require_http_methods(["GET", "HEAD", "POST"])
def write_note(request: HttpRequest, issue: int) -> HttpResponse:
    """Write a note on an issue, and lead back to its page.

    Where a note is refused, the page of the issue stands at this address: what its buttons lead back to, and who logs
    in again there, comes by a GET.
    """
    visitor = visitor_of(request)
    found = _find(visitor, issue)
    if found is None:
        return no_such_issue(request, visitor)
    if request.method != "POST":
        return _back(request, found, "activity")
    text = request.POST.get("text", "").replace("\r\n", "\n")
    error = (
        refused_by_role(request, May.TRIAGE, [found.project])
        or _refused(text)
        or _attempt(lambda: notes.add(found, text.strip(), act_of(visitor)) is not None)
    )
    if error:
        messages.error(request, error)
        return answer_issue(request, visitor, found, unsaved_note=text, status=409)
    return _back(request, found, "activity")


@require_POST
def change_note(request: HttpRequest, issue: int, note: int) -> HttpResponse:
    """Replace the text of one's own note, or delete it, as the button says that was pressed; and lead back.

    :raises BadRequest: no button of ours says that.
    :raises PermissionDenied: somebody else wrote it.
    """
    visitor = visitor_of(request)
    found = _find(visitor, issue)
    own = None if found is None else find_note(found, note)
    if found is None or own is None:
        return no_such_issue(request, visitor)
    if own.user_id != visitor.by.user_id:
        raise PermissionDenied
    text = request.POST.get("text", "").replace("\r\n", "\n")
    error = refused_by_role(request, May.TRIAGE, [found.project])
    match request.POST.get("do"):
        case "edit":
            error = error or _refused(text) or _attempt(lambda: notes.edit(own, text.strip(), act_of(visitor)))
        case "delete":
            error = error or _attempt(lambda: notes.remove(own, act_of(visitor)))
        case _:
            raise BadRequest
    if error:
        messages.error(request, error)
    return _back(request, found, "activity")


def _find(visitor: Visitor, pk: int) -> Issue | None:
    """Return the issue, merged or not, if who asks sees it."""
    return next(iter(find_all(project_ids(visitor, str(pk)), str(pk))), None)


def _refused(text: str) -> str:
    """Return why the API would not take this text; "" when it would."""
    serializer = NoteSerializer(data={"text": text})
    return "" if serializer.is_valid() else f"The note was not written. {serializer.errors['text'][0]}"


def _attempt(work: Callable[[], bool]) -> str:
    """Do it; return why it wasn't done, or ""."""
    try:
        return "" if work() else GONE
    except Exception as error:
        return why_not(error)


def _back(request: HttpRequest, issue: Issue, part: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{origin_of(request).of('desk:issue', issue.pk)}#{part}")
