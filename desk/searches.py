"""Searches that people saved: their own, and those that members of their organizations share."""

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from desk.models import MAX_VIEW, SavedSearch
from desk.people import Visitor, visitor_of
from desk.ways import way_back
from projects.models import Organization
from projects.querysets import is_id

AT_MOST = 50  # of one person
SHOWN = 200  # of one person, and shared with them

# Of everybody: the first is where one comes in.
STANDING = (
    ("Unresolved", "is:unresolved"),
    ("For me", "is:unresolved assigned:[me,my_teams]"),
    ("New", "is:unresolved firstSeen:-7d"),
    ("Came back", "is:[regressed,escalating]"),
    ("All", ""),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search as a page shows it. ``shared_in`` is the organization whose members see it; empty for none."""

    id: int
    name: str
    view: str
    is_mine: bool
    shared_in: str


def read_saved(visitor: Visitor) -> list[Saved]:
    """Return what somebody has saved, and what is shared with them: one statement."""
    is_mine = Q(owner=visitor.user)
    if visitor.sees_more:
        found = SavedSearch.objects.filter(is_mine | Q(organization__in=Organization.objects.visible_to(visitor.by)))
    else:
        found = SavedSearch.objects.filter(is_mine | Q(organization__in=visitor.organizations))
    own_first = found.annotate(is_mine=ExpressionWrapper(is_mine, BooleanField())).order_by("-is_mine", "name", "pk")
    searches = own_first.select_related("organization")[:SHOWN]
    return [
        Saved(
            id=search.pk,
            name=search.name,
            view=search.view,
            is_mine=search.owner_id == visitor.user.pk,
            shared_in="" if search.organization is None else search.organization.slug,
        )
        for search in sorted(searches, key=lambda search: (search.name, search.pk))
    ]


class SaveForm(forms.Form):
    name = forms.CharField(max_length=60)
    view = forms.CharField(max_length=MAX_VIEW, strip=False)
    organization = forms.CharField(required=False)


@require_POST
def searches_page(request: HttpRequest) -> HttpResponse:
    """Save the view that the form has, under a name; or remove what it says. Lead back.

    A name that one has used is given to the new view. Only who saved a search may remove it.
    """
    visitor, back = visitor_of(request), way_back(request.POST.get("back", ""))
    if "remove" in request.POST:
        word = request.POST["remove"]
        mine = SavedSearch.objects.filter(owner=visitor.user)
        removed = mine.filter(pk=int(word)).delete()[0] if is_id(word) else 0
        if not removed:
            messages.error(request, "There is no such search of yours.")
        return HttpResponseRedirect(back)
    form = SaveForm(request.POST)
    view = form.cleaned_data["view"] if form.is_valid() else ""
    if not view.startswith("?"):
        messages.error(
            request, "Give the search a name of up to 60 characters; its address may not be longer than 4,000."
        )
        return HttpResponseRedirect(back)
    word = form.cleaned_data["organization"]
    shared = next((each for each in visitor.organizations if str(each.pk) == word), None)
    if word and shared is None:
        messages.error(request, "There is no such organization of yours to share it with; nothing was saved.")
        return HttpResponseRedirect(back)
    mine = SavedSearch.objects.filter(owner=visitor.user)
    if mine.exclude(name=form.cleaned_data["name"]).count() >= AT_MOST:
        messages.error(request, f"You have {AT_MOST} saved searches; remove one first.")
        return HttpResponseRedirect(back)
    SavedSearch.objects.update_or_create(
        owner=visitor.user, name=form.cleaned_data["name"], defaults={"view": view, "organization": shared}
    )
    with_whom = f", shared with the members of {shared.slug}" if shared else ""
    messages.success(request, f"Saved as “{form.cleaned_data['name']}”{with_whom}.")
    return HttpResponseRedirect(back)
