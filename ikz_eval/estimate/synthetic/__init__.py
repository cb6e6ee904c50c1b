"""One region against a weighted mean of bodies that never took part: synthetic control and synthetic difference-in-differences.

Each method is one file; wide_panel.py reads the panel, words.py says the result. The numbers are made in ikz_eval/inference.
"""

from ikz_eval.estimate.synthetic.control import SyntheticControlFit, fit_synthetic_control
from ikz_eval.estimate.synthetic.did import SyntheticDidFit, fit_synthetic_did

__all__ = ["SyntheticControlFit", "SyntheticDidFit", "fit_synthetic_control", "fit_synthetic_did"]
