"""From fits to the rows of tables ``estimate``, ``event_path``, ``design_card`` and ``verdict``.

Holds what is published of a fit and what is withheld, with the code of the reason; percent and EUR are outcome_scale.py. Columns and units are the contracts' part (schemas/estimate.py).
"""

from typing import Any

import numpy as np

from ikz_eval.estimate.check import Check
from ikz_eval.estimate.evaluation import FieldEvaluation, LevelFits, attainable
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.estimate.outcome_scale import LOG, Scale
from ikz_eval.estimate.placebo import placebo_starts
from ikz_eval.estimate.verdict import FieldEffect, FieldTests, FieldVerdict
from ikz_eval.inference import LinearInference, minimum_detectable

Row = dict[str, Any]
_P_VALUES = (
    "p_cr2", "p_cr2_adjusted", "p_wild", "p_wild_adjusted", "p_randomisation_t", "p_randomisation_t_adjusted",
    "p_randomisation_coefficient",
)  # fmt: skip
_ENDS = ("estimate", "low", "high")


def estimate_rows(quarter: str, found: FieldEvaluation) -> list[Row]:
    """Return the rows of ``estimate`` of a field under a specification: both levels, both methods, all terms."""
    return [row for fits in (found.partnership, found.body) for row in _level_rows(quarter, found, fits)]


def _level_rows(quarter: str, found: FieldEvaluation, fits: LevelFits) -> list[Row]:
    fit = fits.imputation
    if fit is None:
        return []
    key = _key(quarter, found) | {"level": fits.level, "outcome": fits.frame.outcome} | _counts(fits, fit)
    primary = found.specification.is_primary and fits.level == "partnership"
    inference = fit.inference if found.has_inference else None
    whole = key | {"method": "imputation", "term": "ATT", "is_primary": primary}
    rows = [whole | _effect(fit.estimate, inference, fits.scale) | _withholding(found, fits, fit)]
    if fits.level == "body":
        rows[0]["p_value"] = np.nan
    if fits.group_time is not None:
        point = fits.group_time.aggregate("group").estimate
        shown = _effect(point, None, fits.scale) | {"withheld": "reported_point"}
        rows.append(key | {"method": "group_time", "term": "ATT", "is_primary": False} | shown)
    return rows + [key | share for share in _shares(fits, fit)]


def _shares(fits: LevelFits, fit: ImputationFit) -> list[Row]:
    """Return the part of each region (level partnership) or body in the effect, as points only."""
    seen, treated, of_regions = fit.observations, fit.observations.treated, fits.level == "partnership"
    codes, names = (seen.cluster, seen.cluster_names) if of_regions else (seen.unit, seen.unit_names)
    reason, is_log = "one_region" if of_regions else "one_body", fits.frame.is_log
    without = np.exp(fit.counterfactual) if is_log else fit.counterfactual
    rows: list[Row] = []
    for code in np.unique(codes[treated]):
        weights = np.where(codes == code, fit.treated_weights, 0.0)
        weights = weights / weights.sum()
        effect, scale = weights @ (seen.outcome - fit.counterfactual), Scale(is_log, float(weights @ without))
        row = {"method": "imputation", "term": names[code], "is_primary": False, "withheld": reason}
        rows.append(row | _effect(float(effect), None, scale))
    return rows


def _withholding(found: FieldEvaluation, fits: LevelFits, fit: ImputationFit) -> Row:
    """Return why standard error or p of a whole effect is withheld; None when nothing is."""
    if fit.inference is None or found.design.treated_regions < 2:
        return {"withheld": "one_treated_region"}
    if not found.has_inference:
        return {"withheld": "fewer_than_2_blocks"}
    return {"withheld": "body_level_p" if fits.level == "body" else None}


def _effect(estimate: float, inference: LinearInference | None, scale: Scale) -> Row:
    """Return an effect in logs, percent and EUR; what is not inferred is nan, and so are logs of an outcome in levels."""
    se, df, p, low, high = (
        (np.nan,) * 5 if inference is None else (inference.se, inference.df, inference.p, inference.low, inference.high)
    )
    row: Row = {"df": df, "p_value": p, "se_log": scale.log_points(se)}
    for name, value in zip(_ENDS, (estimate, low, high), strict=True):
        short = "effect" if name == "estimate" else name
        row[f"{name}_log"] = scale.log_points(value)
        row[f"{short}_percent"] = scale.percent(value)
        row[f"{short}_eur_per_case"] = scale.eur(value)
    row["mde_cr2_percent"] = np.nan if inference is None else detectable_percent(inference, scale)
    return row


def detectable_percent(inference: LinearInference, scale: Scale = LOG) -> float:
    """Return the minimum detectable effect of the CR2 test alone, as the size of a saving [%]."""
    return scale.size_percent(minimum_detectable(inference.se, inference.df))


def supported_percent(least_supported: float, scale: Scale = LOG) -> float:
    """Return the least supported effect as the size of a saving [%]; nan when no effect would be supported."""
    return scale.size_percent(least_supported) if np.isfinite(least_supported) else np.nan


def _counts(fits: LevelFits, fit: ImputationFit) -> Row:
    dropped = dict(fits.frame.dropped)
    for reason, rows in fit.observations.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + rows
    text = "; ".join(f"{reason}: {rows}" for reason, rows in sorted(dropped.items()))
    seen = fit.observations
    return {
        "n_obs": seen.outcome.size,
        "n_units": seen.n_units,
        "n_dropped": sum(dropped.values()),
        "dropped": text or None,
    }


def event_path_rows(quarter: str, found: FieldEvaluation) -> list[Row]:
    """Return the rows of ``event_path`` of a field under a specification, both levels, both bin lengths."""
    rows: list[Row] = []
    for fits in (found.partnership, found.body):
        key, scale = _key(quarter, found) | {"level": fits.level, "outcome": fits.frame.outcome}, fits.scale
        for length, path in fits.paths.items():
            for point in path.points:
                known = point.inference if found.has_inference else None
                ends = {"estimate": point.estimate, "low": np.nan, "high": np.nan}
                if known is not None:
                    ends |= {"low": known.low, "high": known.high}
                rows.append(
                    key
                    | {"bin_quarters": length, "event_time": point.event_time}
                    | {f"{name}_log": scale.log_points(value) for name, value in ends.items()}
                    | {f"{name}_percent": scale.percent(value) for name, value in ends.items()}
                    | {"se_log": np.nan if known is None else scale.log_points(known.se)}
                    | {"df": np.nan if known is None else known.df}
                    | {"n_regions": point.n_clusters, "is_reference": point.is_reference}
                )
    return rows


def design_card_row(quarter: str, found: FieldEvaluation, tests: FieldTests | None) -> Row:
    """Return the row of ``design_card`` of a field under a specification."""
    design, fit, scale = found.design, found.partnership.imputation, found.partnership.scale
    smallest = attainable(found.paths) if found.partnership.frame.regions else None
    inference = fit.inference if fit is not None and found.has_inference else None
    sizes = {found.partnership.frame.members[unit] for unit in found.paths}
    return _key(quarter, found) | {
        "treated_regions": design.treated_regions,
        "comparison_blocks": design.comparison_blocks,
        "quarters_before": design.quarters_before,
        "quarters_after": design.quarters_after,
        "leverage_share_max": np.nan if design.leverage_share_max is None else design.leverage_share_max,
        "attainable_p_wild": smallest[0] if smallest else np.nan,
        "attainable_p_randomisation": smallest[1] if smallest else np.nan,
        "assignments": smallest[2] if smallest else None,
        "mde_cr2_percent": np.nan if inference is None else detectable_percent(inference, scale),
        "mde_supported_percent": np.nan if tests is None else supported_percent(tests.least_supported, scale),
        "rows_not_positive": design.not_positive,
        "missing_tests": None if tests is None else ",".join(tests.missing) or None,
        "is_randomisation_approximate": len(sizes) > 1,
    }


def verdict_row(
    quarter: str, found: FieldEvaluation, verdict: FieldVerdict, effect: FieldEffect | None, tests: FieldTests | None
) -> Row:
    """Return the row of ``verdict``; a field that is not assessable carries no figures that could be quoted."""
    shown, tested = (None, None) if verdict.code == "not_assessable" else (effect, tests)
    percent = found.partnership.scale.percent
    return _key(quarter, found) | {
        "verdict": verdict.code,
        "direction": verdict.direction,
        "reasons": ",".join(verdict.reasons) or None,
        "effect_percent": np.nan if shown is None else percent(shown.estimate),
        "low_percent": np.nan if shown is None else percent(shown.low),
        "high_percent": np.nan if shown is None else percent(shown.high),
        "is_zero_excluded": shown is not None and shown.is_zero_excluded,
        **{name: np.nan if tested is None else getattr(tested, name) for name in _P_VALUES},
    }


def placebo_rows(quarter: str, found: FieldEvaluation) -> list[Row]:
    """Return the rows of ``placebo`` of a field under a specification."""
    scale = found.partnership.scale
    return [
        _key(quarter, found)
        | {"block": each.block, "region": each.region, "start": each.start}
        | {"estimate_log": scale.log_points(each.estimate), "effect_percent": scale.percent(each.estimate)}
        for each in placebo_starts(found.partnership.frame)
    ]


def robustness_rows(quarter: str, found: FieldEvaluation, checks: list[Check]) -> list[Row]:
    """Return the rows of ``robustness`` of a field."""
    return [
        _key(quarter, found)
        | {"check": each.name, "part": each.part, "p_value": each.p, "n_units": each.n_units, "withheld": each.withheld}
        | {f"{name}_log": each.scale.log_points(getattr(each, name)) for name in _ENDS}
        | {
            "effect_percent": each.scale.percent(each.estimate),
            "low_percent": each.scale.percent(each.low),
            "high_percent": each.scale.percent(each.high),
        }
        for each in checks
    ]


def _key(quarter: str, found: FieldEvaluation) -> Row:
    return {"evaluation_quarter": quarter, "specification": found.specification.name, "field": found.field}
