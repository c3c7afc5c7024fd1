"""The way from a project to its issues, which are looked at, and changed, at the desk (desk/)."""

from typing import ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from projects.admin import ProjectAdmin
from projects.models import Project

admin.site.unregister(Project)


@admin.register(Project)
class ProjectWithIssuesAdmin(ProjectAdmin):
    """Projects know nothing of issues, so the links are added from here."""

    list_display = (*ProjectAdmin.list_display, "issues")
    shown: ClassVar[tuple[str, ...]] = (*ProjectAdmin.shown, "issues")

    @admin.display(description="issues")
    def issues(self, project: Project) -> SafeString:
        return format_html('<a href="{}">at the desk</a>', reverse("desk:list", query={"project": project.pk}))
