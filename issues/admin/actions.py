"""Acting on selected issues: a page with the numbers of a preview, then the change, both by the service of the API.

Nothing here writes, and a wish is read by the API's own serializer (docs/decisions/0022).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from rest_framework.exceptions import ValidationError

from issues.admin.finding import StatusFilter
from issues.admin.wording import link_to_mutation, linked_ids
from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import IssueMutation, MutationOutcome, NamedIssues
from issues.reading.selected import read_listed, read_selected, read_titles, suggest_assignees
from issues.serializers.mutations import read_mutation
from issues.services import bulk
from issues.services.ground.precautions import UnexpectedNumber
from projects.acting import Act
from projects.callers import Caller
from projects.database.failures import refusal_of
from projects.models import User
from projects.querysets import is_id

if TYPE_CHECKING:  # unfold ships no types; its widgets are Django's with a look
    from django.forms import NumberInput, Select, TextInput
else:
    from unfold.widgets import UnfoldAdminIntegerFieldWidget as NumberInput
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

AT_MOST = 10_000  # issues at once
ISSUES_NAMED = 10
SUGGESTED = 200  # members, and teams

Done = TypeVar("Done")


# ---------------------------------------------------------------------------------------------------------------------
# What can be asked
# ---------------------------------------------------------------------------------------------------------------------


class WishForm(forms.Form):
    """What a wish says besides itself, by the keys of the API's body; what is left empty is not said."""

    def said(self) -> dict[str, Any]:
        return {key: value for key, value in self.cleaned_data.items() if value not in (None, "")}


class IgnoreForm(WishForm):
    ignoreDuration = forms.TypedChoiceField(
        label="For how long",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", "for good, or until what stands below"),
            *((30, "30 minutes"), (120, "2 hours"), (1440, "a day"), (10_080, "a week"), (43_200, "30 days")),
        ],
        widget=Select(attrs={"autofocus": True}),
    )
    ignoreCount = forms.IntegerField(label="Until so many more events", required=False, widget=NumberInput)
    ignoreUserCount = forms.IntegerField(label="Until so many more users", required=False, widget=NumberInput)


class AssignForm(WishForm):
    assignedTo = forms.CharField(
        label="To whom",
        help_text="A user name or an e-mail of a member, or a team as #slug.",
        widget=TextInput(attrs={"list": "assignees", "autocomplete": "off", "autofocus": True}),
    )


@dataclass(frozen=True, slots=True)
class Verb:
    """``label`` is what the menu and the button say, ``done`` what follows a number of issues afterwards.

    With ``asks_first`` there is nothing to preview before the form is filled in.
    """

    label: str
    done: str
    body: Mapping[str, Any]
    form: type[WishForm] = WishForm
    asks_first: bool = False


VERBS = {
    "resolve": Verb("Resolve", "resolved", {"status": "resolved"}),
    "resolve_in_next_release": Verb(
        "Resolve in the next release", "resolved in the next release", {"status": "resolvedInNextRelease"}
    ),
    "ignore": Verb("Ignore", "ignored", {"status": "ignored"}, IgnoreForm),
    "reopen": Verb("Reopen", "reopened", {"status": "unresolved"}),
    "assign": Verb("Assign", "assigned", {}, AssignForm, asks_first=True),
    "unassign": Verb("Assign to nobody", "assigned to nobody", {"assignedTo": None}),
    "merge": Verb("Merge", "changed by the merge", {"merge": True}),
    "unmerge": Verb("Unmerge", "changed by the unmerge", {"merge": False}),
}

ONE_ORGANIZATION_ONLY = "These issues are of several organizations, which have no members and teams in common."


# ---------------------------------------------------------------------------------------------------------------------
# Who may, and what is said when it isn't done
# ---------------------------------------------------------------------------------------------------------------------


def may_act(request: HttpRequest) -> bool:
    """Return whether who looks may change issues here, too: these pages show those of every organization."""
    return request.user.is_superuser


def caller(request: HttpRequest) -> Caller:
    """Return who acts: the history names them.

    :raises PermissionDenied: they may not.
    """
    if not may_act(request) or not isinstance(request.user, User):
        raise PermissionDenied
    return Caller(user=request.user)


def act_of(request: HttpRequest) -> Act:
    """Return who changes something, as of now.

    :raises PermissionDenied: they may not.
    """
    return Act(by=caller(request), at=timezone.now(), lock_timeout=settings.LOCK_TIMEOUT_SECONDS)


def attempt(request: HttpRequest, work: Callable[[], Done]) -> Done | None:
    """Return what ``work`` returns; None if it was refused, or could not be done now: a message then says why."""
    try:
        return work()
    except UnexpectedNumber:
        sentence = (
            "Another number of issues match now than you were shown. Nothing was changed; look at the new numbers."
        )
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        known = "Nothing was changed." if refusal.is_certain else "Look first whether it was done."
        sentence = f"{known} {refusal.sentence}"
    messages.error(request, sentence)
    return None


def counted(number: int) -> str:
    return f"{number:,} issue{'' if number == 1 else 's'}"


def undo_links(mutation_ids: Iterable[int]) -> SafeString:
    """Return links to these mutations, and to the pages that take them back."""
    links = (
        (link_to_mutation(pk), reverse("admin:issues_mutation_undo", args=[pk]), f"Undo mutation {pk}")
        for pk in mutation_ids
    )
    return format_html_join("; ", 'mutation {} · <a href="{}" aria-label="{}">undo</a>', links)


# ---------------------------------------------------------------------------------------------------------------------
# What was selected
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selection:
    """Issues by their ids; of one ``status`` only, if the list from which they were chosen was of one."""

    ids: frozenset[int]
    status: str = ""

    @property
    def statuses(self) -> frozenset[IssueStatus] | None:
        return frozenset({IssueStatus(self.status)}) if self.status else None

    @classmethod
    def posted(cls, data: Mapping[str, str]) -> "Selection":
        """Return what the page carries along.

        :raises BadRequest: nobody's page carries that.
        """
        return cls(read_ids(data.get("ids", "").split(",")), read_status(data.get("status", "")))


def read_ids(words: Sequence[str]) -> frozenset[int]:
    """Return these ids.

    :raises BadRequest: some are none, or they are too many.
    """
    if not words or len(words) > AT_MOST or not all(is_id(word) for word in words):
        raise BadRequest
    return frozenset(map(int, words))


def read_status(word: str) -> str:
    return word if word in IssueStatus.values else ""


def selected(request: HttpRequest, listed: QuerySet[Any]) -> Selection | None:
    """Return what was selected in the list: what has its box ticked, or, by "select all", everything listed.

    None when that is too much; a message says so. Ticked boxes are taken by their ids alone: an issue that meanwhile
    left the list is not left out in silence, the numbers on the page tell.
    """
    status = read_status(request.GET.get(StatusFilter.parameter_name, ""))
    if not forms.BooleanField(required=False).to_python(request.POST.get("select_across", "")):
        return Selection(read_ids(request.POST.getlist(ACTION_CHECKBOX_NAME)), status)
    ids = read_listed(listed, AT_MOST)
    if ids is None:
        messages.error(
            request,
            f"These are more than {AT_MOST:,} issues, which is the most that can be selected here; nothing was done. "
            "Narrow the list, or ask the API, which has no such limit for changes of status.",
        )
        return None
    return Selection(frozenset(ids), status)


# ---------------------------------------------------------------------------------------------------------------------
# The page, and the change
# ---------------------------------------------------------------------------------------------------------------------


def choose(name: str, model_admin: Any, request: HttpRequest, listed: QuerySet[Any]) -> HttpResponse | None:
    """Answer the page of an action that was chosen for what is selected in a list."""
    selection = selected(request, listed)
    if selection is None:
        return None
    verb = VERBS[name]
    return Page(model_admin, request, name, selection, verb.form(None if verb.asks_first else {})).answer()


def act(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Answer the page anew, or do what it showed and lead back to the list.

    :raises PermissionDenied: who asks may not change issues.
    :raises BadRequest: nobody's page posts that.
    """
    caller(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = request.POST.get("action", "")
    if name not in VERBS:
        raise BadRequest
    page = Page(model_admin, request, name, Selection.posted(request.POST), VERBS[name].form(request.POST))
    return (page.confirmed() if "confirm" in request.POST else None) or page.answer()


class Page:
    """One verb for one selection: what it would do, and doing it."""

    def __init__(self, model_admin: Any, request: HttpRequest, name: str, selection: Selection, form: WishForm) -> None:
        self.model_admin, self.request, self.name, self.form = model_admin, request, name, form
        self.verb, self.selection, self.act = VERBS[name], selection, act_of(request)
        found = read_selected(selection.ids)
        self.projects, self.ids = found.projects, found.ids
        self.gone = sorted(selection.ids.difference(*self.ids.values()))

    def answer(self) -> HttpResponse:
        """Answer the page, with the numbers of a preview if the form says enough."""
        mutation = self.wish()
        outcomes = None if mutation is None else self.run(mutation, replace(self.act, preview=True))
        changed = sum(outcome.changed for outcome in outcomes or ())
        missing = self.missing(outcomes)
        rest = self.selection.ids.difference(missing)
        return self.render(
            {
                "selected": len(self.selection.ids),
                "issues": read_titles(sorted(self.selection.ids)[:ISSUES_NAMED]),
                "more": len(self.selection.ids) - ISSUES_NAMED,
                "outcomes": outcomes,
                "rows": [] if outcomes is None or missing else list(zip(self.projects, outcomes, strict=True)),
                "matched": sum(outcome.matched for outcome in outcomes or ()),
                "changed": changed,
                "parent": self.parent(outcomes),
                "missing": len(missing),
                "missing_links": linked_ids(missing, absent="-"),
                "carried": {
                    "action": self.name,
                    "ids": ",".join(map(str, sorted(rest))),
                    "status": self.selection.status,
                    "expected": sum(outcome.matched for outcome in outcomes or ()),
                    "shown": "" if mutation is None else _text_of(mutation.body),
                },
                "left": len(rest),
                "may_confirm": bool(changed) and not missing,
                "button": f"{self.verb.label}: {counted(changed)}",
            }
        )

    def confirmed(self) -> HttpResponse | None:
        """Do what was shown, and lead back to the list; None when it wasn't done: a message then says why."""
        mutation, expected = self.wish(), self.request.POST.get("expected", "")
        if mutation is None:
            return None
        if self.request.POST.get("shown") != _text_of(mutation.body) or not is_id(expected):
            messages.warning(self.request, "This is not what you were shown. Look at its numbers, and confirm again.")
            return None
        outcomes = self.run(mutation, replace(self.act, expected=int(expected)))
        if outcomes is None:
            return None
        if self.missing(outcomes):
            messages.error(self.request, "Some of these issues are gone or merged by now. Nothing was changed.")
            return None
        changed = sum(outcome.changed for outcome in outcomes)
        mutation_ids = [outcome.mutation_id for outcome in outcomes if outcome.mutation_id is not None]
        if mutation_ids:
            sentence = format_html("{} {}: {}.", counted(changed), self.verb.done, undo_links(mutation_ids))
            messages.success(self.request, sentence)
        else:
            messages.info(self.request, "They were so already: nothing was changed.")
        return HttpResponseRedirect(self.way_back())

    def wish(self) -> IssueMutation | None:
        """Return what is asked, as the API would read it; None when that can't be: the form then says why."""
        if not self.form.is_valid() or not self.projects:
            return None
        organizations = {project.organization_id for project in self.projects}
        if self.verb.form is AssignForm and len(organizations) > 1:
            self.form.add_error(None, ONE_ORGANIZATION_ONLY)
            return None
        body, (organization_id, *_) = {**self.verb.body, **self.form.said()}, sorted(organizations)
        try:
            return read_mutation(
                body, organization_id=organization_id, projects=self.projects, by=self.act.by, at=self.act.at
            )
        except ValidationError as error:
            errors: Any = error.detail
            for key, sentences in errors.items():
                for sentence in sentences:
                    self.form.add_error(key if key in self.form.fields else None, str(sentence))
        return None

    def run(self, mutation: IssueMutation, act: Act) -> Sequence[MutationOutcome] | None:
        """Return what the service did, or would do; None if it refused, and a message says why."""
        if self.gone:
            return [MutationOutcome(out_of_scope=tuple(self.gone))]
        scopes = [NamedIssues(pk, ids=ids, statuses=self.selection.statuses) for pk, ids in self.ids.items()]
        return attempt(self.request, lambda: bulk.mutate_each(scopes, mutation, act))

    def missing(self, outcomes: Iterable[MutationOutcome] | None) -> list[int]:
        """Return the selected issues with which this can't be done: with any of them, nothing is."""
        return sorted({*self.gone, *(pk for outcome in outcomes or () for pk in outcome.out_of_scope)})

    def parent(self, outcomes: Iterable[MutationOutcome] | None) -> Issue | None:
        """Return the issue into which a merge would put the others."""
        ids = [outcome.merged.parent for outcome in outcomes or () if outcome.merged is not None]
        return read_titles(ids)[0] if ids else None

    def suggestions(self) -> list[str]:
        """Return words for some who can be assigned, where the issues are of one organization."""
        organizations = {project.organization_id for project in self.projects}
        if self.verb.form is not AssignForm or len(organizations) != 1:
            return []
        (organization_id,) = organizations
        return suggest_assignees(organization_id, self.projects, SUGGESTED)

    def way_back(self) -> str:
        """Return the address of the list as it was."""
        opts = self.model_admin.opts
        kept = {"preserved_filters": self.model_admin.get_preserved_filters(self.request), "opts": opts}
        return add_preserved_filters(kept, reverse("admin:issues_issue_changelist"))

    def render(self, context: dict[str, Any]) -> HttpResponse:
        kept = self.model_admin.get_preserved_filters(self.request)
        return TemplateResponse(
            self.request,
            "issues/admin/act.html",
            {
                **self.model_admin.admin_site.each_context(self.request),
                "title": self.verb.label,
                "opts": self.model_admin.opts,
                "form": self.form,
                "suggestions": self.suggestions(),
                "address": reverse("admin:issues_issue_act") + (f"?{kept}" if kept else ""),
                "way_back": self.way_back(),
                **context,
            },
        )


def _text_of(body: Mapping[str, Any]) -> str:
    return json.dumps(dict(body), sort_keys=True)
