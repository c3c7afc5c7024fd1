"""docs/operate.md says of each table what bounds it: of all that there are, and of no other."""

import re

from django.apps import apps
from django.conf import settings

ROWS = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def bounds() -> dict[str, tuple[str, str]]:
    """Return what the table says of each of ours: by what it is bound, and who removes."""
    text = (settings.BASE_DIR / "docs" / "operate.md").read_text()
    section = text.split("Each table, and what bounds it:")[1].split("\n## ")[0]
    return {
        table: (bound.strip(), remover.strip())
        for tables, bound, remover in ROWS.findall(section)
        for table in re.findall(r"`(\w+)`", tables)
    }


def test_every_table_has_a_bound() -> None:
    told = bounds()
    there = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}

    assert sorted(there - told.keys()) == [], "say in docs/operate.md what bounds these, and what removes"
    assert sorted(told.keys() - there) == []
    assert [table for table, (bound, _) in told.items() if not bound] == []


def test_what_is_kept_for_days_is_removed_by_somebody() -> None:
    by_age = {table: remover for table, (bound, remover) in bounds().items() if "_DAYS" in bound}

    assert by_age.keys() >= {"issues_activity", "issues_issuehour", "issues_mutation", "events_event", "events_loss"}
    assert [table for table, remover in by_age.items() if "prune" not in remover] == []
