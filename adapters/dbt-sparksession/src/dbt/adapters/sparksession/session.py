"""The one SparkSession of a process, and its errors in words."""

from __future__ import annotations

import importlib
import logging
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING

from dbt.adapters.events.logging import AdapterLogger
from dbt_common.exceptions import DbtRuntimeError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

if TYPE_CHECKING:
    from dbt.adapters.sparksession.connections import SparkSessionCredentials

__all__ = ["in_words", "open_session", "plugin"]

logger = AdapterLogger("SparkSession")
# PySpark prints errors, plan and all; dbt reports them.
logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)

_lock = RLock()
_configured: dict[str, SparkSession] = {}


def open_session(credentials: SparkSessionCredentials) -> SparkSession:
    """Give the session of a profile; the first call starts or reaches Spark.

    Parameters
    ----------
    credentials : SparkSessionCredentials

    Returns
    -------
    SparkSession
        Of this process where the profile names a master, of a Spark Connect server
        where it names a remote.

    Raises
    ------
    DbtRuntimeError
        If Spark cannot be started or reached, or a plugin cannot be used.
    """
    key = repr(sorted(credentials.server_side_parameters.items()))
    with _lock:
        session = _configured.get(key)
        if session is None or not _is_alive(session):
            session = _start(credentials.server_side_parameters)
            for name in credentials.plugins:
                plugin(name).configure(session)
            _configured[key] = session
    return session


def _start(parameters: dict[str, str]) -> SparkSession:
    given = {name: value for name, value in parameters.items() if value}
    remote = given.pop("spark.remote", None)
    builder = SparkSession.builder
    if remote:
        # A server's own settings are no business of its clients.
        static = {"spark.sql.warehouse.dir", "spark.sql.catalogImplementation"}
        sql = {
            name: value
            for name, value in given.items()
            if name.startswith("spark.sql.") and name not in static
        }
        builder = builder.remote(remote)
    else:
        # Its workers need the packages of this environment.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.enableHiveSupport()
    for name, value in (sql if remote else given).items():
        builder = builder.config(name, value)
    place = remote or given.get("spark.master", "local[*]")
    try:
        _knock_at(place)
        session = builder.getOrCreate()
        session.sql("select 1").collect()
    except Exception as error:  # Java, gRPC and PySpark have many
        raise DbtRuntimeError(
            f"Spark at {place} cannot be started or reached: {_message(error)}"
        ) from error
    return session


def _knock_at(place: str) -> None:
    """Try the addresses of a master or server: Spark itself would wait for minutes."""
    scheme, _, addresses = place.partition("://")
    if scheme not in ("sc", "spark"):
        return
    faults = []
    for address in re.findall(r"([^,/;@]+):(\d+)", addresses):
        try:
            host, port = address[0].strip("[]"), int(address[1])
            socket.create_connection((host, port), timeout=10).close()
            return
        except OSError as fault:
            faults.append(f"{':'.join(address)}: {fault.strerror or fault}")
    if faults:
        raise ConnectionError("; ".join(faults))


def _is_alive(session: SparkSession) -> bool:
    try:
        return not session.is_stopped  # Spark Connect
    except (AttributeError, NotImplementedError):
        return session.sparkContext._jsc is not None


def plugin(name: str) -> ModuleType:
    """Import a plugin of the profile.

    Raises
    ------
    DbtRuntimeError
        If there is no such module, or it has no function ``configure``.
    """
    try:
        module = importlib.import_module(name)
        module.configure  # noqa: B018
    except (ImportError, AttributeError) as error:
        raise DbtRuntimeError(
            f'The plugin "{name}" of the profile cannot be used ({error}); needed is a '
            "module with a function configure(session)."
        ) from error
    return module


@contextmanager
def in_words(kind: type[Exception]) -> Iterator[None]:
    """Turn an error of Spark into one of dbt's that can be read.

    The plan and the stack of Java go to the log of dbt.
    """
    try:
        yield
    except PySparkException as error:
        logger.debug(str(error))
        raise kind(_message(error)) from error


def _message(error: Exception) -> str:
    text = str(error)
    if "JAVA_GATEWAY_EXITED" in text:
        return "Java ended at once; what it said stands above."
    # What a task in Python raised is at the end of its own stack; the name of a
    # package's own error says less than its message.
    raised = re.findall(r"^([\w.]+(?:Error|Exception)): (.+)$", text, re.MULTILINE)
    if "Traceback (most recent call last)" in text and raised:
        name, message = raised[-1]
        return message if "." in name else f"{name}: {message}"
    return re.split(r";\n|\n+JVM stacktrace:|\n\s+at |\n== SQL", text)[0].strip()
