"""A real PostgreSQL on loopback: its tables are read as a user's files are."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from signal import SIGINT
from tempfile import mkdtemp

import duckdb
import pytest
from test_broken_files import PROJECT, Loader

from customer_segmentation.duckdb_plugin import POSTGRES, configure
from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension

PASSWORD = "s3cr't passw0rd"
SCHEMA = """
create schema crm;
create table crm.orders (
    id bigint, client text, ordered_at timestamptz, ordered_on date,
    units double precision, price numeric(12, 2), total numeric(12, 2), country text
);
insert into crm.orders values
    (1, 'c1', '2024-01-05 10:00:00+00', '2024-01-05', 2, 12.50, 25.00, 'UK'),
    (2, 'c2', '2024-01-31 23:30:00-05', '2024-01-31', 1, 1234567.89, 1234567.89, 'FR'),
    (3, 'c1', '2024-02-01 00:00:00+00', '2024-02-01', -1, 12.50, -12.50, 'UK'),
    (4, null, '2024-02-02 00:00:00+00', '2024-02-02', 1, 0.10, 0.10, E'C\\u00f4te'),
    (5, 'c3', null, null, 1, 5.00, 5.00, 'UK'),
    (6, 'c3', '2024-02-03 00:00:00+00', '2024-02-03', 1.5, 5.00, 7.50, 'UK'),
    (7, 'c3', '2024-02-04 00:00:00+00', '2024-02-04', 'NaN', 5.00, 5.00, 'UK'),
    (8, 'c3', '2024-02-05 00:00:00+00', '2024-02-05', 1, null, null, 'UK'),
    (9, E'c"4,\\n5', '2024-02-06 00:00:00+00', '2024-02-06', 1, 5.00, 5.00, 'UK'),
    (9, E'c"4,\\n5', '2024-02-06 00:00:00+00', '2024-02-06', 1, 5.00, 5.00, 'UK');
create table crm.customers (client text, land text, age integer, income numeric(12, 2));
insert into crm.customers values
    ('c1', 'UK', 34, 52000.00), ('c2', 'FR', 140, 1.00), (null, 'UK', 20, null),
    ('c5', null, null, null);
create view crm.british_orders as select * from crm.orders where country = 'UK';
create table crm."Order Lines" ("Client No" text, "Day" date, "Total" real);
insert into crm."Order Lines" values ('c1', '2024-01-05', 0.1), ('c2', '2024-01-06', 7);
create table crm.no_rows (client text, ordered_at timestamptz, total numeric(12, 2));
"""
ORDERS = {
    "relation": "postgres.crm.orders",
    "columns": {
        "order_id": "id",
        "customer_id": "client",
        "sold_at": "ordered_at",
        "quantity": "units",
        "unit_price": "price",
        "country": "country",
    },
}
CUSTOMERS = {
    "relation": "postgres.crm.customers",
    "columns": {
        "customer_id": "client",
        "country": "land",
        "age": "age",
        "income": "income",
    },
}
MARTS = ("rejected_rows", "source_loads", "transactions", "customers")


@dataclass(frozen=True)
class Server:
    """A server of its own, in a folder of its own."""

    port: int
    process: subprocess.Popen

    @property
    def address(self) -> str:
        return f"host=127.0.0.1 port={self.port} dbname=postgres user=reader"


def binaries() -> Path | None:
    """Find the folder of the server's programs; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    on_path = [Path(found).resolve().parent] if found else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*on_path, *debian]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server: neither on the PATH nor in Debian's place")
    # A server refuses to run as root, and others cannot enter pytest's folders.
    folder = Path(mkdtemp(prefix="postgres_"))
    owner = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        owner = {"user": "nobody"}
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    data, port = folder / "data", free_port()
    try:
        subprocess.run(
            [
                *(programs / "initdb", "--pgdata", data, "--username", "reader"),
                *("--pwfile", folder / "password", "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **owner,
        )
        process = subprocess.Popen(
            [
                *(programs / "postgres", "-D", data, "-p", str(port), "-k", folder),
                *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
            ],
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **owner,
        )
        try:
            server = Server(port, process)
            fill(server)
            yield server
        finally:
            process.send_signal(SIGINT)
            process.wait(timeout=20)
    finally:
        shutil.rmtree(folder)


def fill(server: Server) -> None:
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        load_extension(connection, "postgres_scanner")
        for _ in range(100):
            try:
                connection.execute(f"attach '{server.address}' as it (type postgres)")
                break
            except duckdb.Error:
                assert server.process.poll() is None, "the server has ended"
                time.sleep(0.1)
        schema = SCHEMA.replace("'", "''")
        connection.execute(f"call postgres_execute('it', '{schema}')")


@pytest.fixture(autouse=True)
def attached(request, monkeypatch) -> None:
    server = request.getfixturevalue("server")
    monkeypatch.setenv(POSTGRES, server.address)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


class TestTablesAreReadAsFilesAre:
    """Typed columns keep their meaning, and each row is accepted or refused."""

    @pytest.fixture(scope="class")
    @classmethod
    def loaded(cls, loader, server) -> Loader:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(POSTGRES, server.address)
            patch.setenv("PGPASSWORD", PASSWORD)
            files = {"own": {"sale_lines": ORDERS, "customers": CUSTOMERS}}
            assert loader.load(files, *MARTS).error is None
        return loader

    def test_transactions(self, loaded):
        """Moments with a time zone are taken in UTC, decimals to the last digit."""
        found = loaded.query(
            "select order_id, customer_id, sold_at::text, quantity, returned_quantity, "
            "unit_price, gross_amount, country from transactions "
            "where dataset = 'own' order by all"
        )
        price = Decimal("1234567.8900"), Decimal("1234567.89")
        bar = Decimal("12.5000"), Decimal("12.50")
        assert found == [
            ("1", "c1", "2024-01-05 10:00:00", 2, 0, bar[0], 2 * bar[1], "UK"),
            ("2", "c2", "2024-02-01 04:30:00", 1, 0, *price, "FR"),
            ("3", "c1", "2024-02-01 00:00:00", 0, 1, bar[0], -bar[1], "UK"),
            *(
                (order, customer, day, 1, 0, Decimal(each), Decimal(each), country)
                for order, customer, day, each, country in (
                    ("4", None, "2024-02-02 00:00:00", "0.1", "Côte"),
                    ("9", 'c"4,\n5', "2024-02-06 00:00:00", "5", "UK"),
                )
            ),
        ]

    def test_refused_rows(self, loaded):
        found = loaded.query(
            "select source_table, raw_row, reasons from rejected_rows "
            "where dataset = 'own' order by all"
        )
        reasons = {(table, row.strip('"')[:2]): why for table, row, why in found}
        date = "date is missing or not of the form 2022-01-04 15:30:00"
        quantity = "quantity is missing or no whole number"
        assert reasons == {
            ("sale_lines", "5,"): date,
            ("sale_lines", "6,"): quantity,
            ("sale_lines", "7,"): quantity,
            ("sale_lines", "8,"): "line has no amount",
            ("sale_lines", "9,"): "exact duplicate of an earlier line",
            ("customers", "c2"): "age is no number of years up to 120",
            ("customers", ",U"): "customer id is missing",
        }
        assert ("sale_lines", '9,"c""4,') in {(t, r[:8]) for t, r, _ in found}

    def test_every_row_is_accepted_or_refused(self, loaded):
        loads = loaded.query(
            "select source_table, source, rows_read, rows_accepted, rows_refused "
            "from source_loads where dataset = 'own' order by all"
        )
        assert loads == [
            ("customers", "postgres.crm.customers", 4, 2, 2),
            ("sale_lines", "postgres.crm.orders", 10, 5, 5),
        ]

    def test_customers(self, loaded):
        """Those who bought and those who are described."""
        found = loaded.query(
            "select customer_id, country, age, income, has_transactions "
            "from customers where dataset = 'own' order by customer_id"
        )
        assert found == [
            ('c"4,\n5', "UK", None, None, True),
            ("c1", "UK", 34, Decimal("52000.00"), True),
            ("c2", "FR", None, None, True),
            ("c5", None, None, None, False),
        ]


class TestOtherRelations:
    """A view, names in quotes, dates and 4-byte numbers, and other sign of decimals."""

    LINES = {
        "relation": 'postgres.crm."Order Lines"',
        "columns": {
            "customer_id": "Client No",
            "sold_at": "Day",
            "gross_amount": "Total",
        },
    }

    @pytest.mark.parametrize(
        ("given", "rows"),
        [
            (ORDERS | {"relation": "postgres.crm.british_orders"}, (8, 3)),
            (ORDERS | {"decimal_sign": ","}, (10, 5)),
            (ORDERS | {"date_format": "%d/%m/%Y"}, (10, 5)),
            (
                ORDERS | {"columns": ORDERS["columns"] | {"sold_at": "ordered_on"}},
                (10, 5),
            ),
            (LINES, (2, 2)),
        ],
    )
    def test_each_is_read(self, loader, given, rows):
        load = loader.load({"own": {"sale_lines": given}}, *MARTS)
        assert load.error is None
        (found,) = loader.query(
            "select rows_read, rows_accepted from source_loads "
            "where dataset = 'own' and source_table = 'sale_lines'"
        )
        assert found == rows


class TestFaultsAreTold:
    """In words, and before any table is touched."""

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"relation": "postgres.crm.ordres"}, ["postgres.crm.ordres", "no such"]),
            ({"relation": "postgres.crn.orders"}, ["postgres.crn.orders", "no such"]),
            ({"relation": "crm.orders"}, ["crm.orders", "postgres.<schema>.<table>"]),
            (
                {"columns": ORDERS["columns"] | {"sold_at": "ordered"}},
                ['the column "ordered" is missing', '"ordered_at"'],
            ),
            ({"columns": {"customer_id": "client"}}, ["sold_at", "must be mapped"]),
            ({"relation": "postgres.crm.no_rows; drop table x"}, ["is not allowed"]),
        ],
    )
    def test_a_wrong_relation(self, loader, change, words):
        before = loader.tables()
        load = loader.load({"own": {"sale_lines": ORDERS | change}}, *MARTS)
        load.assert_stopped('"own"', *words)
        assert load.is_before_any_table
        assert loader.tables() == before

    def test_a_relation_without_rows(self, loader):
        columns = {
            "customer_id": "client",
            "sold_at": "ordered_at",
            "net_amount": "total",
        }
        given = {"relation": "postgres.crm.no_rows", "columns": columns}
        load = loader.load({"own": {"sale_lines": given}}, *MARTS)
        load.assert_stopped("postgres.crm.no_rows", "no row")

    def test_the_server_is_only_read(self, server):
        """What the plugin attaches refuses to write."""
        with duckdb.connect() as connection:
            configure(connection)
            with pytest.raises(duckdb.Error, match="read-only"):
                connection.execute("delete from postgres.crm.orders")

    ADDRESSES = (
        "host=127.0.0.1 port=1 user=reader password=h1dden",
        "host=127.0.0.1 port=1 user=reader password=no h1dden quotes",
        "host=127.0.0.1 port=1 user=reader password='h1dden",
        "host=127.0.0.1 prot=1 user=reader password=h1dden",
        "postgresql://reader:h1dden@127.0.0.1:1/postgres",
        "postgresql://reader:h1dden@127.0.0.1:port/postgres",
        "postgresql://reader:h1dden%zz@127.0.0.1:1/postgres",
    )

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_no_password_is_told(self, monkeypatch, address):
        monkeypatch.setenv(POSTGRES, address)
        connection = duckdb.connect()
        with connection, pytest.raises(SegmentationError) as told:
            configure(connection)
        assert f"The PostgreSQL that {POSTGRES} names cannot be" in str(told.value)
        assert "h1dden" not in str(told.value)

    def test_an_empty_address_is_none(self, monkeypatch):
        """Otherwise whatever server is at libpq's default place would be attached."""
        monkeypatch.setenv(POSTGRES, "")
        with duckdb.connect() as connection:
            configure(connection)
            names = connection.execute("select database_name from duckdb_databases()")
            assert ("postgres",) not in names.fetchall()

    def test_a_wrong_password_on_the_command_line(self, server, tmp_path):
        """It stands in no output, log or artefact, nor does the right one."""
        environment = os.environ | {
            "DBT_PROFILES_DIR": str(PROJECT),
            "SEGMENTATION_DATABASE": str(tmp_path / "built.duckdb"),
            POSTGRES: f"{server.address} password=h1dden",
        }
        result = subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "--debug", "run"),
                *("--select", "raw_own__sale_lines", "--project-dir", PROJECT),
                *("--target-path", tmp_path / "target"),
                *("--log-path", tmp_path / "logs"),
            ],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode != 0
        output = result.stdout + result.stderr
        assert f"The PostgreSQL that {POSTGRES} names cannot be attached" in output
        assert "password authentication failed" in output
        assert "PGPASSWORD" in output
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert any(path.suffix == ".log" for path in files)
        written = [output.encode(), *(path.read_bytes() for path in files)]
        for secret in (PASSWORD.encode(), b"h1dden"):
            assert not any(secret in data for data in written)
