"""The cache is where huggingface_hub has it, whatever says so."""

import json
import subprocess
import sys

import pytest

from hub_home import RUN_SECONDS_MAX
from programs import program

VARIABLES = [
    {},
    {"XDG_CACHE_HOME": "/x"},
    {"XDG_CACHE_HOME": "/x", "HF_HOME": "/f"},
    {"HF_HOME": "~/f"},
    {"HF_HOME": "$HOME/${OTHER}/$UNSET/f", "OTHER": "o"},
    {"HF_HOME": "/f", "HUGGINGFACE_HUB_CACHE": "/g"},
    {"HUGGINGFACE_HUB_CACHE": "/g", "HF_HUB_CACHE": "~/k/$OTHER", "OTHER": "o"},
]


@pytest.mark.parametrize("variables", VARIABLES, ids=lambda v: ",".join(v) or "none")
def test_we_look_where_huggingface_hub_looks(tmp_path, variables):
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    asked = {"env": environment, "capture_output": True, "text": True, "timeout": RUN_SECONDS_MAX}
    theirs = subprocess.run([sys.executable, "-c", "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"], check=True, **asked)
    ours = subprocess.run([program("sanctum"), "models", "list", "--json"], **asked)
    assert json.loads(ours.stdout)["cache"] == theirs.stdout.strip()
