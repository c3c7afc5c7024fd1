"""The operator's window on issues: look, don't touch. Every list and page costs the same with a million rows."""

from issues.admin import history, issues, projects

__all__ = ["history", "issues", "projects"]  # to be imported is what registers them
