"""The embedded PostgreSQL: a real server from pip, started by the first connection, stopped by its last user.

``base`` is the database backend that the settings name as ENGINE. Below it: ``lease`` (who uses the server, and who
stops it), ``cluster`` (create, start, stop), ``binaries`` (whose programs), ``folder`` (where the data lives) and
``account`` (which OS user runs it). With DATABASE_URL none of this runs; ``dump`` works with either.

What is named here is all that the rest of the service uses of it; the import contracts see to that.
"""

from issuetracker.postgres.dump import DumpFailed, read_dump, write_dump
from issuetracker.postgres.folder import data_dir
from issuetracker.postgres.front import address, is_embedded, is_leaving, start

__all__ = ["DumpFailed", "address", "data_dir", "is_embedded", "is_leaving", "read_dump", "start", "write_dump"]
