"""The operator's window on issues, and hands that reach no further than the services (docs/decisions/0022).

Every list and page costs the same with a million rows.
"""

from issues.admin import history, issues, projects

__all__ = ["history", "issues", "projects"]  # to be imported is what registers them
