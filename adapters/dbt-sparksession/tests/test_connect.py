"""The same models by way of a Spark Connect server, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from test_models import PANDAS


def test_models_and_seeds_run_through_spark_connect(project):
    profile = yaml.safe_load((project.folder / "profiles.yml").read_text())
    # PySpark starts a server of its own for this address.
    profile["test"]["outputs"]["test"] |= {
        "schema": "default",
        "server_side_parameters": {"spark.remote": "local[2]", "spark.master": ""},
    }
    project.write("profiles.yml", yaml.safe_dump(profile))
    project.write("seeds/kept.csv", "id,name\n1,it's\n")
    project.write("models/frame.py", PANDAS)
    project.write("models/none.py", PANDAS.replace("    })\n", "    }).head(0)\n"))
    project.write(
        "models/counted.sql",
        "select count(*) as n, max(kept.name) as name from {{ ref('frame') }}"
        " cross join {{ ref('kept') }} as kept left join {{ ref('none') }} using (key)",
    )
    project.write(
        "tests/two_rows.sql",
        "select * from {{ ref('counted') }} where n <> 2 or name <> 'it''s'",
    )
    result = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--quiet", "build"],
        cwd=project.folder,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout
