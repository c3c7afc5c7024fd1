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
from projects.models import Organization, OrganizationMember, User
from projects.querysets import is_id
from projects.roles import ALLOWED, May

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
    """A saved search as a page shows it.

    :ivar may_remove: whether who looks may: it is theirs, or shared where they may remove others'.
    :ivar shared_in: the organization whose members see it; empty for none.
    :ivar by: who saved it, if that is somebody else.
    """

    id: int
    name: str
    view: str
    may_remove: bool
    shared_in: str
    by: str


def read_saved(visitor: Visitor) -> list[Saved]:
    """Return what somebody has saved, and what is shared with them: one statement."""
    is_mine = Q(owner=visitor.user)
    if visitor.sees_more:
        found = SavedSearch.objects.filter(is_mine | Q(organization__in=Organization.objects.visible_to(visitor.by)))
    else:
        found = SavedSearch.objects.filter(is_mine | Q(organization__in=visitor.organizations))
    own_first = found.annotate(
        is_mine=ExpressionWrapper(is_mine, BooleanField()),
        may_remove=ExpressionWrapper(_may_be_removed_by(visitor.user), BooleanField()),
    ).order_by("-is_mine", "name", "pk")
    searches = own_first.select_related("organization", "owner")[:SHOWN]
    return [
        Saved(
            id=search.pk,
            name=search.name,
            view=search.view,
            may_remove=search.may_remove,
            shared_in="" if search.organization is None else search.organization.slug,
            by="" if search.is_mine else search.owner.name or search.owner.username,
        )
        for search in sorted(searches, key=lambda search: (search.name, search.pk))
    ]


def _may_be_removed_by(user: User) -> Q:
    """One's own, and what others share in organizations where one's role allows to remove that.

    Who shared it may have left, and nobody else would get rid of it.
    """
    if user.is_superuser:
        return Q(owner=user) | Q(organization__isnull=False)
    roles = [role for role, allowed in ALLOWED.items() if May.SHARED_SEARCHES in allowed]
    where = OrganizationMember.objects.filter(user=user, role__in=roles).values("organization")
    return Q(owner=user) | Q(organization__in=where)


class SaveForm(forms.Form):
    name = forms.CharField(max_length=60)
    view = forms.CharField(max_length=MAX_VIEW, strip=False)
    organization = forms.CharField(required=False)


@require_POST
def searches_page(request: HttpRequest) -> HttpResponse:
    """Save the view that the form has, under a name; or remove what it says. Lead back.

    A name that one has used is given to the new view. Who saved a search may remove it, and whoever may remove what
    others share.
    """
    visitor, back = visitor_of(request), way_back(request.POST.get("back", ""))
    if "remove" in request.POST:
        word = request.POST["remove"]
        removable = SavedSearch.objects.filter(_may_be_removed_by(visitor.user))
        removed = removable.filter(pk=int(word)).delete()[0] if is_id(word) else 0
        if not removed:
            messages.error(request, "There is no such search that you may remove.")
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
    # No success as of an action, by which a page forgets what was selected (static/desk/desk.js).
    messages.info(request, f"Saved as “{form.cleaned_data['name']}”{with_whom}.")
    return HttpResponseRedirect(back)
