"""Credentials, and the cursor through which dbt sends SQL to the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.spark.connections import (
    SparkConnectionManager,
    SparkConnectionMethod,
    SparkCredentials,
)
from dbt.adapters.spark.session import Cursor, SessionConnectionWrapper
from dbt.adapters.sparksession.session import in_words, open_session
from dbt_common.exceptions import DbtDatabaseError

__all__ = ["SparkSessionConnectionManager", "SparkSessionCredentials"]


@dataclass
class SparkSessionCredentials(SparkCredentials):
    """The keys of a profile.

    Attributes
    ----------
    server_side_parameters : dict of str to str
        Settings of Spark. ``spark.remote`` is the address of a Spark Connect server,
        ``spark.master`` that of a cluster or ``local[…]``. Empty ones are left out,
        so that a profile can take them from the environment.
    plugins : list of str
        Python modules whose function ``configure(session)`` is called once, before
        the first statement: to register functions or data sources.
    """

    host: str | None = "session"
    # The enumeration's member: dbt does not convert defaults.
    method: SparkConnectionMethod = SparkConnectionMethod.SESSION
    plugins: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        """Name in a profile."""
        return "sparksession"

    @property
    def unique_field(self) -> str:
        """Where Spark is, as dbt counts connections: it hashes this."""
        parameters = self.server_side_parameters
        return parameters.get("spark.remote") or parameters.get("spark.master", "")

    def _connection_keys(self) -> tuple[str, ...]:
        return ("schema", "method", "server_side_parameters", "plugins")


class SessionCursor(Cursor):
    """A cursor that hands SQL to the session and waits for its end."""

    def __init__(self, credentials: SparkSessionCredentials):
        super().__init__(server_side_parameters=credentials.server_side_parameters)
        self._credentials = credentials

    def execute(self, sql: str, *parameters: Any) -> None:
        with in_words(DbtDatabaseError):
            session = open_session(self._credentials)
            self._rows = None
            self._df = session.sql(sql % parameters if parameters else sql)

    def fetchall(self):
        with in_words(DbtDatabaseError):
            return super().fetchall()

    def fetchone(self):
        with in_words(DbtDatabaseError):
            return super().fetchone()


class SessionHandle:
    """What dbt keeps of an open connection; every one leads to the same session."""

    def __init__(self, credentials: SparkSessionCredentials):
        self._credentials = credentials

    def cursor(self) -> SessionCursor:
        return SessionCursor(self._credentials)


class SparkSessionConnectionManager(SparkConnectionManager):
    """Opens connections, all of them to one session."""

    TYPE = "sparksession"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Give a connection its handle; Spark is started by the first statement."""
        if connection.state != ConnectionState.OPEN:
            handle = SessionHandle(connection.credentials)
            connection.handle = SessionConnectionWrapper(handle)
            connection.state = ConnectionState.OPEN
        return connection
