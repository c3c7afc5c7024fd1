"""What an operator is told of the replica: whether a read would be answered by it now, and how far it is behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from projects.database.replica import IDENTITY, POSITION, SENTENCES, Why

# Where each of them is, by its own words. The clock is the primary's, which stamps the commits, too.
OF_PRIMARY = f"SELECT * FROM ({POSITION}) AS position, ({IDENTITY}) AS identity, clock_timestamp() AS now"
OF_REPLICA = f"""
    SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text, pg_last_xact_replay_timestamp(),
           (SELECT received_tli FROM pg_stat_get_wal_receiver()), identity.*
    FROM ({IDENTITY}) AS identity
"""


@dataclass(frozen=True, slots=True)
class Replica:
    """One look at it.

    :ivar why: why it is not read from; None: it is.
    :ivar lag_bytes: how much of the primary's log it has not replayed; None: nobody knows.
    :ivar lag_seconds: the age of the last commit that it has replayed; 0 when it has replayed everything.
    """

    why: Why | None
    lag_bytes: int | None = None
    lag_seconds: float | None = None

    def told(self) -> dict[str, Any]:
        """Return it for an answer in JSON."""
        if self.why is not None:
            said: dict[str, Any] = {"in_use": False, "detail": SENTENCES[self.why]}
        else:
            said = {"in_use": True}
        lag = {} if self.lag_bytes is None else {"lag_bytes": self.lag_bytes, "lag_seconds": self.lag_seconds}
        return said | lag

    def collect(self) -> Iterator[Metric]:
        """Yield what Prometheus is told of it."""
        yield GaugeMetricFamily("issuetracker_replica_in_use", "1: reads go to the replica.", int(self.why is None))
        if self.lag_bytes is not None and self.lag_seconds is not None:
            yield GaugeMetricFamily("issuetracker_replica_lag_bytes", "Log that is not replayed.", self.lag_bytes)
            yield GaugeMetricFamily("issuetracker_replica_lag_seconds", "Age of the last replayed.", self.lag_seconds)


def compared(of_primary: Sequence[Any], of_replica: Sequence[Any]) -> Replica:
    """Return what the rows of ``OF_PRIMARY`` and ``OF_REPLICA`` say together."""
    lsn, timeline, *identity, now = of_primary
    is_in_recovery, replayed, committed_at, followed, *found = of_replica
    if found != identity or not is_in_recovery or replayed is None or followed not in {None, timeline}:
        return Replica(Why.NO_COPY)
    lag = max(0, _bytes(lsn) - _bytes(replayed))
    if lag == 0 or committed_at is None:
        return Replica(Why.BEHIND if lag else None, lag, 0.0)
    return Replica(Why.BEHIND, lag, max(0.0, (now - committed_at).total_seconds()))


def _bytes(lsn: str) -> int:
    """Return where a place in the log is, from its beginning: ``16/B374D848`` is 64 bits in hex."""
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)
