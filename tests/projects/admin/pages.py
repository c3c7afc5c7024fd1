"""Where the admin's pages are."""

import re

from django.urls import reverse

LOOK_ONLY = ["release", "deploy"]
NEVER_DELETED = [*LOOK_ONLY, "organization", "project", "user", "team", "apikey"]
TABLES = [*NEVER_DELETED, "organizationmember", "apitoken", "clientkey"]

INLINE_ROW = re.compile('class="form-group [^"]* original"')


def address(table: str, page: str, *args: int) -> str:
    return reverse(f"admin:projects_{table}_{page}", args=args)


# What the lists on a page post with its form: that none of their rows was changed.
NO_ROWS = {f"{name}-{end}": "0" for name in ("memberships", "client_keys") for end in ("TOTAL_FORMS", "INITIAL_FORMS")}
