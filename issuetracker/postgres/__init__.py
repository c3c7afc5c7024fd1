"""The embedded PostgreSQL: a real server from pip, started by the first connection, stopped by its last user.

``base`` is the database backend that the settings name as ENGINE. Below it: ``lease`` (who uses the server, and who
stops it), ``cluster`` (create, start, stop), ``binaries`` (whose programs), ``folder`` (where the data lives) and
``account`` (which OS user runs it). With DATABASE_URL none of this runs.
"""
