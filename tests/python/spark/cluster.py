"""A real cluster on the loopback: a master, two workers and a Spark Connect server.

Nothing of it can be reached from elsewhere, and its REST port is off.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyspark

HOST = "127.0.0.1"
SPARK = Path(pyspark.__file__).parent
DAEMONS = "org.apache.spark.deploy"
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


@dataclass
class Cluster:
    """Processes of a running cluster, each the head of a group of its own."""

    folder: Path
    master: str
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    remote: str = ""

    def start(self, name: str, command: list[str], port: int | None = None) -> None:
        """Start a daemon, and wait until it listens."""
        environment = os.environ | {
            "SPARK_LOCAL_IP": HOST,
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_DAEMON_JAVA_OPTS": "-Dspark.master.rest.enabled=false",
            "PYSPARK_PYTHON": sys.executable,
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if port:
            self._wait(name, port)

    def _wait(self, name: str, port: int) -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until and self.processes[name].poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    return
            time.sleep(0.2)
        log = (self.folder / f"{name}.log").read_text()
        raise RuntimeError(f"{name} does not listen on port {port}:\n{log[-2000:]}")

    def kill(self, name: str) -> None:
        """Kill a daemon and its executors, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Kill what still runs."""
        for name in list(self.processes):
            self.kill(name)


@contextmanager
def running(
    folder: Path, settings: Mapping[str, str], *, workers: int = 2
) -> Iterator[Cluster]:
    """Start a cluster with a Spark Connect server, and stop it at the end.

    Parameters
    ----------
    folder : Path
        For logs and the workers' files.
    settings : mapping of str to str
        Of the server's session: where the warehouse and its catalogue are.
    workers : int
        Each has one core and 1 GB.
    """
    master, server = _free_port(), _free_port()
    cluster = Cluster(folder, f"spark://{HOST}:{master}")
    launcher = str(SPARK / "bin/spark-class")
    try:
        cluster.start(
            "master",
            [
                *(launcher, f"{DAEMONS}.master.Master", "--host", HOST),
                *("--port", str(master), "--webui-port", str(_free_port())),
            ],
            master,
        )
        for number in range(1, workers + 1):
            cluster.start(
                f"worker_{number}",
                [
                    *(launcher, f"{DAEMONS}.worker.Worker", "--host", HOST),
                    *("--cores", "1", "--memory", "1g", "--webui-port", "0"),
                    *("--work-dir", str(folder / f"worker_{number}"), cluster.master),
                ],
            )
        given = {
            "spark.master": cluster.master,
            "spark.driver.host": HOST,
            "spark.driver.memory": "2g",
            "spark.executor.memory": "768m",
            "spark.ui.enabled": "false",
            "spark.sql.catalogImplementation": "hive",
            "spark.connect.grpc.binding.address": HOST,
            "spark.connect.grpc.binding.port": str(server),
            **settings,
        }
        cluster.start(
            "server",
            [
                *(str(SPARK / "bin/spark-submit"), "--class", SERVER),
                *(f"--conf={name}={value}" for name, value in given.items()),
                "spark-internal",
            ],
            server,
        )
        cluster.remote = f"sc://{HOST}:{server}"
        yield cluster
    finally:
        cluster.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
