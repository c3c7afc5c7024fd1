"""A PostgreSQL and its replica, by the embedded PostgreSQL's own programs; tests pause, break and promote it."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import psycopg2

from issuetracker.postgres import binaries
from issuetracker.postgres.cluster import PORT, SETTINGS, SUPERUSER, Cluster
from tests.clusters import migrated

NAME = "issuetracker"


@dataclass
class Pair:
    """Two clusters below ``home``; both run, and the second follows the first."""

    home: Path
    primary: Cluster
    replica: Cluster

    def ask(self, cluster: Cluster, sql: str) -> Any:
        """Return the first value of what a cluster answers; None for a statement that answers nothing."""
        connection = psycopg2.connect(host=str(cluster.socket_dir), port=PORT, user=SUPERUSER, dbname=NAME)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    def pause(self) -> None:
        """Let the replica replay nothing more."""
        self.ask(self.replica, "SELECT pg_wal_replay_pause()")
        while self.ask(self.replica, "SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    def resume(self) -> None:
        self.ask(self.replica, "SELECT pg_wal_replay_resume()")

    def signal(self, cluster: Cluster, number: signal.Signals) -> None:
        """Send a signal to all processes of a server."""
        postmaster = cluster.postmaster()
        assert postmaster is not None
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, number)

    def start_replica(self) -> None:
        _start(self.replica)

    def follow_anew(self) -> None:
        """Let another replica take the place of this one, which may be none any more."""
        self.replica.stop()
        self.replica = follow(self.primary, self.home / f"replica-{len(list(self.home.iterdir()))}")


def url_of(cluster: Cluster) -> str:
    return f"postgresql://{SUPERUSER}@{quote(str(cluster.socket_dir), safe='')}:{PORT}/{NAME}"


def begin(home: Path) -> Pair:
    """Make both, with the tables. Who has made the folder takes it away, and what runs in it (tests/clusters.py)."""
    migrated(home / "primary")
    primary = Cluster(home / "primary")
    _start(primary)
    return Pair(home, primary, follow(primary, home / "replica"))


def follow(primary: Cluster, data: Path) -> Cluster:
    """Start a replica of a cluster that runs; it stands where that is now, or soon."""
    programs = binaries.made_runnable(binaries.find(), primary.account, primary.data)
    primary.account.own(_made(data))
    said = primary.account.run(
        programs / "pg_basebackup",
        *("-h", primary.socket_dir, "-p", PORT, "-U", SUPERUSER, "-D", data / primary.folder.name),
        *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"),
    )
    assert said.returncode == 0, said.stdout
    replica = Cluster(data)
    _start(replica)
    return replica


def _start(cluster: Cluster) -> None:
    # The other clusters of the tests put a commit on the disk, and hand it on, some tenths of a second later.
    with patch.dict(SETTINGS, {"synchronous_commit": "on"}):
        cluster.start()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    return folder
