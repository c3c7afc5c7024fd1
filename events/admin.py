"""What a project lost, on its page. Projects and issues know nothing of events, so it is added from here."""

from datetime import timedelta

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from events.reading import losses
from issues.admin import ProjectWithIssuesAdmin
from projects.models import Project

DAYS = 30

admin.site.unregister(Project)


@admin.register(Project)
class ProjectWithEventsAdmin(ProjectWithIssuesAdmin):
    """Says what did not become an event, and why: from the counts of a month, which are few rows."""

    shown = (*ProjectWithIssuesAdmin.shown, "lost")

    @admin.display(description=f"lost in {DAYS} days")
    def lost(self, project: Project) -> SafeString | str:
        found = losses.lost_in_all(project.pk, (timezone.now() - timedelta(days=DAYS - 1)).date())
        if not found:
            return "nothing"
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((f"{row.quantity:,}", row.category, row.reason, row.source) for row in found),
        )
        return format_html(
            "<table><thead><tr><th>how many</th><th>of what</th><th>why</th><th>who knows</th></tr></thead>"
            "<tbody>{}</tbody></table>",
            rows,
        )
