"""The analyst's walk from panel to verdict runs as it stands, and says what the invented panel supports."""

import subprocess
import sys

from ikz_eval.settings import ROOT


def test_the_walkthrough_runs_and_ends_in_a_verdict_and_a_refusal():
    done = subprocess.run(
        [sys.executable, "notebooks/walkthrough/from_panel_to_verdict.py"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "imputation: 864 rows, 36 units"
    assert "supported saving ()" in lines
    assert lines[-1].startswith("not_assessable ('weniger als zwei Modellregionen")
    assert lines[-1].endswith("only one treated cluster: nothing can be said about uncertainty")
