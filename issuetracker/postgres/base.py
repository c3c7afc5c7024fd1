"""The database backend: Django's own for PostgreSQL, which starts the embedded server on the first connection.

So `check`, `mypy` and whatever else only reads the settings start nothing. Django finds this module by its name.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.backends.postgresql import base, client

from issuetracker.postgres import binaries, lease
from issuetracker.postgres.cluster import PORT, SUPERUSER


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`: starts the server first, and uses the psql that came with it."""

    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.ensure_connection()
        super().runshell(parameters)

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        command, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        bundled = binaries.find() / "psql"
        return [str(bundled) if bundled.exists() else command[0], *command[1:]], environment


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server."""

    client_class = DatabaseClient

    @property
    def data_folder(self) -> Path | None:
        """Where the server keeps its data; None before this process has connected to it."""
        cluster = lease.held()
        return None if cluster is None else cluster.data

    def get_connection_params(self) -> dict[str, Any]:
        """Return what psycopg2 connects with; the server runs.

        :raises ImproperlyConfigured: it can't run here.
        :raises OperationalError: it didn't start.
        """
        cluster = lease.held() or lease.take(self.settings_dict["NAME"])
        self.settings_dict |= {"HOST": str(cluster.socket_dir), "PORT": PORT, "USER": SUPERUSER}
        parameters: dict[str, Any] = super().get_connection_params()
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; the server may have crashed since this process first connected.

        :raises OperationalError: it didn't start, or can't run here any more: its folder or its programs are others.
        """
        try:
            return super().get_new_connection(conn_params)
        except psycopg2.OperationalError:
            try:
                lease.take(None)  # the database was there
            except ImproperlyConfigured as error:  # it was all right when this process began, and may be again
                raise OperationalError(str(error)) from error
            return super().get_new_connection(conn_params)
