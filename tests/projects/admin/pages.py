"""Where the admin's pages are."""

import re

from django.urls import reverse

LOOK_ONLY = ["organization", "project", "release", "deploy", "user"]
TABLES = [*LOOK_ONLY, "organizationmember", "team", "apikey", "apitoken"]

INLINE_ROW = re.compile('class="form-group [^"]* original"')


def address(table: str, page: str, *args: int) -> str:
    return reverse(f"admin:projects_{table}_{page}", args=args)
