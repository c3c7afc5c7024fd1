"""Sentry's own command line client, unchanged."""

import os
import subprocess
import sys
from pathlib import Path

SENTRY_CLI = Path(sys.executable).with_name("sentry-cli")  # from requirements.txt


def run(address: str, token: str, *words: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `sentry-cli ...` as a user would; no configuration but these variables, and what it keeps in ``home``."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home or "/nonexistent"),
        "SENTRY_URL": f"{address}/",
        "SENTRY_AUTH_TOKEN": token,
        "SENTRY_ORG": "the-interstellar-jurisdiction",
        "SENTRY_PROJECT": "pump-station",
        "NO_PROXY": "127.0.0.1",
    }
    return subprocess.run(
        [SENTRY_CLI, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def cells(printed: str) -> list[list[str]]:
    """Return the cells of a table that it printed, row by row, the heading first."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines() if line.startswith("|")]
