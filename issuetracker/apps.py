from django.apps import AppConfig
from django.contrib.admin import apps as admin  # the class itself would count as one of this module's own
from django.core.checks import register


class IssueTrackerConfig(AppConfig):
    """The site: joins the apps, owns no models; an app so that `manage.py serve` and `demo` are found."""

    name = "issuetracker"

    def ready(self) -> None:
        from issuetracker.durability import check_durability  # noqa: PLC0415  # it needs the settings

        register(check_durability, deploy=True)


class IssueTrackerAdminConfig(admin.AdminConfig):
    """Django's admin, with the site's own :class:`~issuetracker.site.Site` as ``admin.site``."""

    default = False
    default_site = "issuetracker.site.Site"
