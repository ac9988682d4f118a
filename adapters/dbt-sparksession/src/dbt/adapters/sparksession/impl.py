"""The adapter: dbt-spark, with Python models and tables that are swapped in."""

from __future__ import annotations

import traceback
from typing import Any

from dbt.adapters.base import PythonJobHelper, available
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.events.logging import AdapterLogger
from dbt.adapters.spark.impl import SparkAdapter
from dbt.adapters.sparksession.connections import (
    SparkSessionConnectionManager,
    SparkSessionCredentials,
)
from dbt.adapters.sparksession.session import in_words, open_session, plugin
from dbt.adapters.sparksession.tables import typed_texts, write
from dbt_common.exceptions import DbtRuntimeError

__all__ = ["SparkSessionAdapter"]

logger = AdapterLogger("SparkSession")


class SessionJobHelper(PythonJobHelper):
    """Runs a Python model here, in the process and the session of dbt."""

    def __init__(self, parsed_model: dict, credential: SparkSessionCredentials):
        self._path = parsed_model["original_file_path"]
        self._credentials = credential

    def submit(self, compiled_code: str) -> None:
        names: dict[str, Any] = {"spark": open_session(self._credentials)}
        # The macros around it may have indented its first line.
        code = compile(compiled_code.lstrip(), self._path, "exec")
        try:
            with in_words(DbtRuntimeError):
                exec(code, names)
        except DbtRuntimeError:
            raise
        except Exception as error:
            logger.debug(traceback.format_exc())
            raise DbtRuntimeError(
                f"Python model failed:\n{type(error).__name__}: {error}"
            ) from error


class SparkSessionAdapter(SparkAdapter):
    """dbt's name of the adapter is that of the class: ``sparksession``."""

    ConnectionManager = SparkSessionConnectionManager

    @property
    def default_python_submission_method(self) -> str:
        """The only one there is."""
        return "session"

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        """Runs a model in this process."""
        return {"session": SessionJobHelper}

    @available
    def write_seed(
        self, relation: BaseRelation, rows: Any, types: dict[str, str], **options: Any
    ) -> None:
        """Write the rows of a seed into one file, which keeps their order.

        Parameters
        ----------
        relation
            Table to write.
        rows : agate.Table
        types : dict of str to str
            Types of columns; others as dbt infers them.
        **options
            As for `tables.write`.
        """
        session = open_session(self.config.credentials)
        inferred = {
            name: types.get(name) or self.convert_type(rows, place)
            for place, name in enumerate(rows.column_names)
        }
        with in_words(DbtRuntimeError):
            frame = typed_texts(session, rows.rows, inferred)
            write(session, frame.coalesce(1), relation.render(), **options)

    @available
    def call_plugin(self, function: str, argument: str) -> Any:
        """Call a function of a plugin, in this process.

        Parameters
        ----------
        function : str
            Name; the first of the profile's plugins that has it is asked.
        argument : str

        Returns
        -------
        Any
            What the function returns.

        Raises
        ------
        DbtRuntimeError
            If no plugin has it.
        """
        for name in self.config.credentials.plugins:
            if called := getattr(plugin(name), function, None):
                return called(argument)
        raise DbtRuntimeError(
            f'No plugin of the profile has a function "{function}"; the plugins are '
            f"{', '.join(self.config.credentials.plugins) or 'none'}."
        )
