from django.apps import AppConfig


class IssueTrackerConfig(AppConfig):
    """The site: joins the apps, owns no models; an app so that `manage.py serve` and `demo` are found."""

    name = "issuetracker"
