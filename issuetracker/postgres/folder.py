"""Where the data lives: the embedded database, and the secrets that `manage.py serve` and `demo` keep."""

import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from issuetracker.postgres.account import Account, name_of

CLUSTER = "cluster"

# For root, when its checkout is closed to the OS user that PostgreSQL runs as, such as a clone in /root.
SYSTEM = Path("/var/lib/issuetracker")


def data_dir() -> Path:
    """Return the data folder, absolute and existing: DATA_DIR, else `.data` in the checkout, else one for root.

    Every process of one installation gets the same answer. It needs no PostgreSQL, and starts none.

    :raises ImproperlyConfigured: it can't be made, or it's somebody else's.
    """
    chosen = choose()
    try:
        make(chosen)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {chosen} can't be made ({error.strerror}): set DATA_DIR to a folder of your own."
        ) from error
    if not os.access(chosen, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"The data folder {chosen} belongs to the OS user {name_of(chosen.stat().st_uid)}, and "
            f"{name_of(os.geteuid())} can't write there: set DATA_DIR to a folder of your own."
        )
    return chosen


def choose() -> Path:
    """Return where the data is or would be; links resolved, so that all processes agree on its name."""
    base = Path(settings.BASE_DIR).resolve()
    if settings.DATA_DIR:
        return (base / os.path.expanduser(settings.DATA_DIR)).resolve()
    local = (base / ".data").resolve()
    # Data that is already here stays in use, even if the checkout was closed since: never a second, empty database.
    if os.geteuid() != 0 or (local / CLUSTER).exists() or Account.for_new_data().reaches(base):
        return local
    return SYSTEM / hashlib.sha256(os.fsencode(base)).hexdigest()[:12]


def make(folder: Path) -> None:
    """Make the folder and what is missing above it; what already exists keeps its mode."""
    if folder.is_dir():
        return
    if folder != folder.parent:
        make(folder.parent)
    folder.mkdir(exist_ok=True)
    # chmod, since a umask of 077 would close root's folder to PostgreSQL's OS user, who only has to walk through it.
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
