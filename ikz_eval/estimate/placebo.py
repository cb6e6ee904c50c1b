"""Placebo starts: what the method finds where nothing began.

Each comparison block is given, in turn, the start path of each treated region, and is compared with the other blocks; the
regions themselves are left out. Points only: they show how large an "effect" chance alone makes. Docs:
docs/methods/robustness.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ikz_eval.errors import EstimationError
from ikz_eval.estimate.design import AnalysisFrame, StartPath
from ikz_eval.estimate.reassignment import path_panel, weights_under


@dataclass(frozen=True, slots=True)
class Placebo:
    """The estimate [log points] for a block with the start path of a region."""

    block: str
    region: str
    start: str
    estimate: float


def placebo_starts(frame: AnalysisFrame) -> Iterator[Placebo]:
    """Return the estimate for every block and start; those that cannot be made are left out.

    Parameters
    ----------
    frame : AnalysisFrame
        Rows at the partnership level.
    """
    if not frame.regions or len(frame.blocks) < 2:
        return
    panel = path_panel(frame)
    own = dict(zip(panel.names, panel.paths, strict=True))
    regions = [code for code, name in enumerate(panel.names) if name not in frame.blocks]
    for code, block in enumerate(panel.names):
        for region in sorted(frame.regions) if block in frame.blocks else ():
            start = own[region].start
            if start is None:
                continue
            paths = [own[region] if k == code else StartPath(None) for k in range(len(panel.names))]
            try:
                found = weights_under(panel, paths, without=regions)
            except EstimationError:
                continue
            yield Placebo(block, region, start, float(found.c @ panel.outcome))
