from django.apps import AppConfig


class IssuesConfig(AppConfig):
    """The domain: issues and what is done to them."""

    name = "issues"
