"""docs/routes.md: every address that is served, with what each of its methods needs."""

import re
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from issuetracker.openapi import routes

ROOT = Path(__file__).resolve().parents[2]


def test_the_document_is_what_the_command_prints() -> None:
    printed = StringIO()

    call_command("list_routes", stdout=printed)

    assert (ROOT / "docs/routes.md").read_text() == printed.getvalue()


def test_every_method_of_every_address_has_one_row() -> None:
    rows = re.findall(r"^\| (\w+) \| `/(\S*)` \| (\w+) \| \S.* \|$", routes.page(), re.MULTILINE)
    served = [
        (method.upper(), address)
        for address, view in routes.served()
        for method in view.actions
        if method not in {"head", "options"}
    ]

    assert len(served) > 50
    assert sorted((method, address) for method, address, _ in rows) == sorted(served)


def test_a_row_says_the_least_scope() -> None:
    scopes = {
        (method, address): scope
        for method, address, scope in re.findall(r"^\| (\w+) \| `/(\S*)` \| (\w+) \|", routes.page(), re.MULTILINE)
    }
    issues = "projects/{organization}/{project}/issues/"

    assert [scopes[method, issues] for method in ("GET", "PUT", "DELETE")] == ["read", "write", "admin"]
    assert scopes["GET", "shared/issues/{share_id}/"] == "none"
