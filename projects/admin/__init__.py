"""The settings pages: who and where, and what programs come in with.

Staff see what contract 1.2 lets them see, and do what their roles allow (projects/roles.py); Django's own permissions
are not asked. Issues are no business of these pages.
"""

from projects.admin import credentials, people, places
from projects.admin.lists import InspectOnlyAdmin, InspectOnlyInline, LargeTableAdmin, link
from projects.admin.places import ProjectAdmin

__all__ = [
    "InspectOnlyAdmin",
    "InspectOnlyInline",
    "LargeTableAdmin",
    "ProjectAdmin",
    "credentials",  # to be imported is what registers them
    "link",
    "people",
    "places",
]
