"""Who uses the cluster: each process holds a lease from its first connection to its end; the last one stops it.

A lease is a shared record lock (fcntl) on the file `users`. The kernel drops it however the process ends, kill -9
included, so nobody is ever waited for in vain. Record locks, not flock: a forked child shares its parent's flock, and
could neither outlive nor leave it; of record locks it inherits none. Their pitfall: closing *any* descriptor of the
file drops the lock, so nothing else in a process may open `users`.
"""

import atexit
import contextlib
import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from issuetracker.postgres.account import Account
from issuetracker.postgres.cluster import Cluster
from issuetracker.postgres.folder import data_dir

# The folder whose cluster was there once; in the environment, so that those have it, too, whom this process begins. It
# is never made anew under them: where its disk is not mounted any more, an empty one would be taken for it.
WAS_THERE = "ISSUETRACKER_CLUSTER_WAS_IN"


class Lease:
    """What this process knows of its lease; there is one, since there is one data folder."""

    def __init__(self) -> None:
        self.threads = threading.Lock()
        self.cluster: Cluster | None = None
        self.users: int | None = None  # the descriptor that carries the record lock


_lease = Lease()


def forget() -> None:
    """In a forked child: the lease is the parent's, and a thread that doesn't exist here may hold its lock."""
    global _lease
    if _lease.users is not None:
        os.close(_lease.users)
    _lease = Lease()


os.register_at_fork(after_in_child=forget)


def held() -> Cluster | None:
    """Return the cluster that this process has a lease on. It may have crashed since: ``take`` starts it again."""
    return _lease.cluster


def take(database: str | None) -> Cluster:
    """Return the running cluster; it keeps running until this process gives its lease back.

    Doing it again is fine, and starts what crashed meanwhile.

    :param database: what is made in it, if it isn't there and nobody else uses the cluster. Those who do have had it:
        somebody has renamed or dropped it, and an empty one would be in the way of what they do next.

    :raises ImproperlyConfigured: it can't run here; the sentence says what to set.
    :raises OperationalError: PostgreSQL itself refused; the sentence says why.
    """
    with _lease.threads:
        cluster = _lease.cluster or Cluster(data_dir())
        with locked(cluster):
            # Before the start: whoever is interrupted during it still stops what it has begun.
            if _lease.users is None:
                _lease.users = open_private(cluster.data / "users", cluster.account)
                fcntl.lockf(_lease.users, fcntl.LOCK_SH)
                _lease.cluster = cluster
            cluster.start(may_create=os.environ.get(WAS_THERE) != str(cluster.data))
            os.environ[WAS_THERE] = str(cluster.data)
            if database and is_alone(_lease.users):
                cluster.create_database(database)
        return cluster


@atexit.register
def give_back() -> None:
    """End this process's lease, and stop the cluster if it was the last one. Without a lease, do nothing."""
    # The process is at its end. A second Ctrl-C, or gunicorn's signal to a worker that has had the terminal's, would
    # only leave the cluster running.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
    with _lease.threads:
        cluster, users = _lease.cluster, _lease.users
        if cluster is None or users is None:
            return
        # The folder was deleted: PostgreSQL notices that too, and ends by itself.
        with contextlib.suppress(ImproperlyConfigured), locked(cluster):
            if is_last(users):
                cluster.stop()
        os.close(users)
        _lease.cluster = _lease.users = None


def is_alone(users: int) -> bool:
    """Return whether no other process holds a lease; this one keeps its own."""
    found = is_last(users)
    if found:
        fcntl.lockf(users, fcntl.LOCK_SH)  # which whoever comes next must share
    return found


def is_last(users: int) -> bool:
    """Return whether no other process holds a lease. If so, nobody else gets one until this one is given back."""
    try:
        fcntl.lockf(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX allows either
        return False
    return True


@contextlib.contextmanager
def locked(cluster: Cluster) -> Iterator[None]:
    """One process at a time creates, starts or stops."""
    descriptor = open_private(cluster.data / "lock", cluster.account)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_private(path: Path, account: Account) -> int:
    """Open a lock file, made when missing, that root and the data's owner can both open.

    :raises ImproperlyConfigured: it is somebody else's, or root may not give it away here, as in some containers.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0 and os.fstat(descriptor).st_uid == 0:
            os.fchown(descriptor, account.uid, account.gid)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {path.parent} can't be used ({error.strerror}: {path.name}): "
            "set DATA_DIR to a folder of your own, or set DATABASE_URL."
        ) from error
    return descriptor
