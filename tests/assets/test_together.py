"""Two people evaluate the same quarter at the same moment: one release, no error, nothing twice."""

import os
import subprocess
import sys

import pytest

from ikz_eval.settings import ROOT, Place
from ikz_eval.warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_two_evaluations_at_once_give_one_release(tmp_path):
    variables = {**os.environ, "IKZ_DATA": str(tmp_path), "IKZ_STUDY": "demonstration"}
    command = [sys.executable, "-m", "assets.evaluate", "--quarter", "2026-Q2"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=500) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    at = Place("demonstration", tmp_path)
    assert [path.name for path in at.releases.iterdir() if path.is_dir()] == ["2026-Q2.r1"]
    assert {out.splitlines()[-1] for out, _ in told} == {os.path.relpath(at.releases / "2026-Q2.r1", ROOT)}
    warehouse = Warehouse(at.warehouse)
    assert warehouse.read("delivery")["sha256"].is_unique
    assert not warehouse.read("cost").duplicated(["ags", "field", "quarter", "cost_block", "delivery_id"]).any()
