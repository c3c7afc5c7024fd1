"""docs/operate.md tells of each metric, and of no other."""

import re

from django.conf import settings

APPS = ("issuetracker", "projects", "issues", "events", "desk")


def told() -> list[str]:
    """Return the metrics of the table, as they stand there."""
    text = (settings.BASE_DIR / "docs" / "operate.md").read_text()
    section = text.split("\n## Metrics\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section, re.MULTILINE)
    return re.findall(r"\w+", " ".join(named))


def test_every_metric_is_told_once() -> None:
    sources = [path.read_text() for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    there = {name for source in sources for name in re.findall(r'"issuetracker_([a-z_]+)"', source)}

    assert len(there) > 20
    assert sorted(told()) == sorted(there)
