"""Let dbt find this project's profiles.yml, whatever folder it is started from.

dbt looks into the current folder and then into ~/.dbt, never beside the project
that `--project-dir` names. A line in the environment's start-up files gives it
this project's folder, unless the current folder has a profile of its own or the
user has set DBT_PROFILES_DIR.
"""

import sysconfig
from pathlib import Path

project = str(Path(__file__).resolve().parents[1])
Path(sysconfig.get_path("purelib"), "customer_segmentation_profiles.pth").write_text(
    "import os; os.path.exists('profiles.yml') or "
    f"os.environ.setdefault('DBT_PROFILES_DIR', {project!r})\n"
)
