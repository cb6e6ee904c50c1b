"""Scale: how cost grows with output. Holds the cost function; merging and transfer are ikz_eval/economics."""

from ikz_eval.estimate.scale.cost_function import CostFunctionFit, fit_cost_function

__all__ = ["CostFunctionFit", "fit_cost_function"]
