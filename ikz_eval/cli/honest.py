"""The command ``ikz honest``: honest bounds from published coefficients and their covariance, without any panel.

Reads two CSV files, calls ikz_eval/inference/honest and prints a table or JSON. Bounds of a panel's event study are
``ikz estimate --inference honest``. What the numbers do not allow is one line on stderr and exit code 3; wrong usage is
exit code 2.
"""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ikz_eval.cli.estimate import NumberList

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@click.command()
@click.argument("coefficients", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("covariance", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--honest-m", "honest_m", type=NumberList(), default=(),
              help="Largest step after the start in multiples of the largest before; default 0.5,1,1.5,2.")  # fmt: skip
@click.option("--honest-smoothness", "honest_smoothness", type=NumberList(), default=(),
              help="Largest change of slope in a period, in units of the outcome; default multiples of the largest seen.")  # fmt: skip
@click.option(
    "--reference", type=int, default=-1, show_default=True, help="Event time all others are measured against."
)
@click.option("--effect", default="first", show_default=True,
              help="first, average, or the event time from the start on whose effect is bounded.")  # fmt: skip
@click.option(
    "--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95, show_default=True
)
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def honest(
    coefficients: Path,
    covariance: Path | None,
    honest_m: tuple[float, ...],
    honest_smoothness: tuple[float, ...],
    reference: int,
    effect: str,
    confidence: float,
    style: str,
) -> None:
    """Bound an effect from COEFFICIENTS (CSV: event_time, estimate) and their COVARIANCE (CSV without a header).

    The rows of the covariance are in the order of the coefficients. Without a covariance the bounds take the coefficients as
    free of error.
    """
    from ikz_eval.errors import EstimationError

    points = _coefficients(coefficients, reference)
    errors = None if covariance is None else _covariance(covariance, points)
    try:
        answered = _answer(points, errors, reference, effect, (honest_m, honest_smoothness), 1 - confidence)
    except EstimationError as error:
        click.echo(f"ikz: {' '.join(str(error).split())}", err=True)
        sys.exit(3)
    click.echo(json.dumps(answered, indent=2, allow_nan=False) if style == "json" else _table(answered))


def _answer(
    points: "pd.DataFrame",
    errors: "np.ndarray | None",
    reference: int,
    effect: str,
    wanted: tuple[tuple[float, ...], tuple[float, ...]],
    alpha: float,
) -> dict[str, Any]:
    """Return the bounds of both restrictions as plain values."""
    from ikz_eval.inference.honest import RESTRICTIONS, honest_bounds, pretrend_power

    order = points["event_time"].to_numpy().argsort()
    times = points["event_time"].to_numpy()[order]
    estimates = points["estimate"].to_numpy()[order]
    ordered = None if errors is None else errors[order][:, order]
    n_pre = int((times < reference).sum())
    n_post, gap = times.size - n_pre, -reference - 1
    weights = _weights(times[n_pre:], effect)
    found = [
        honest_bounds(
            estimates, ordered, n_pre, n_post, restriction=one, m=m or None, l_vec=weights, gap=gap, alpha=alpha
        )
        for one, m in zip(RESTRICTIONS, wanted, strict=True)
    ]
    power = (
        None
        if ordered is None
        else pretrend_power(estimates, ordered, n_pre, n_post, l_vec=weights, gap=gap, alpha=alpha)
    )
    return {
        "effect": effect,
        "estimate": found[0].estimate,
        "n_pre": n_pre,
        "n_post": n_post,
        "bounds": [
            {"restriction": b.restriction, "m": b.m, "low": _finite(b.low), "high": _finite(b.high), "kind": b.kind}
            for bounds in found
            for b in bounds.bounds
        ],
        **{f"breakdown_{bounds.restriction}": _finite(bounds.breakdown) for bounds in found},
        **{f"breakdown_{bounds.restriction}_note": bounds.breakdown_note for bounds in found},
        "pretrend_slope_50": None if power is None else _finite(power.slopes[0.5]),
        "pretrend_slope_80": None if power is None else _finite(power.slopes[0.8]),
        "pretrend_bias_50": None if power is None else _finite(power.bias),
    }


def _weights(times: "np.ndarray", effect: str) -> "np.ndarray":
    """Return the weights of the effects from the start on."""
    import numpy as np

    if effect == "average":
        return np.ones(times.size) / times.size
    known = {"first": 0} | {str(int(time)): i for i, time in enumerate(times)}
    if effect not in known:
        raise click.UsageError(f"--effect '{effect}'; allowed: average, {', '.join(known)}")
    weights = np.zeros(times.size)
    weights[known[effect]] = 1.0
    return weights


def _coefficients(path: Path, reference: int) -> "pd.DataFrame":
    """Return event time and estimate of each row; the reference's own row, if there is one, must be zero and goes."""
    import pandas as pd

    table = _read(path, header=0)
    missing = [name for name in ("event_time", "estimate") if name not in table.columns]
    if missing:
        raise click.UsageError(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(table.columns)}")
    table = pd.DataFrame({name: pd.to_numeric(table[name], errors="coerce") for name in ("event_time", "estimate")})
    times = table["event_time"]
    if table.isna().any(axis=None) or (times % 1 != 0).any() or times.duplicated().any():
        raise click.UsageError(f"{path.name}: each event_time must be a whole number, once, and each estimate a number")
    if (table.loc[times == reference, "estimate"] != 0).any():
        raise click.UsageError(
            f"{path.name}: the reference {reference} has an estimate that is not zero; see --reference"
        )
    span = sorted({*times.astype(int)} - set(range(reference, 0)))
    expected = [*range(min(span, default=0), reference), *range(max(span, default=-1) + 1)]
    if reference > -1 or span != expected or not any(one < reference for one in span) or 0 not in span:
        raise click.UsageError(
            f"{path.name}: found event times {span}; needed is every one from the first to just before the reference "
            f"{reference}, and every one from 0 on"
        )
    kept: pd.DataFrame = table.loc[times != reference]
    return kept


def _covariance(path: Path, points: "pd.DataFrame") -> "np.ndarray":
    """Return the covariance in the order of the coefficients."""
    import numpy as np
    import pandas as pd

    table = _read(path, header=None)
    needed = f"{len(points)} rows and columns of numbers are needed, one for each coefficient and no header"
    if table.shape != (len(points), len(points)):
        raise click.UsageError(f"{path.name}: {needed}; found {table.shape[0]} rows and {table.shape[1]} columns")
    values = np.asarray(table.apply(pd.to_numeric, errors="coerce").to_numpy(), dtype=np.float64)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        row, column = wrong[0]
        raise click.UsageError(
            f"{path.name}: row {row + 1}, column {column + 1} holds '{table.iloc[row, column]}'; {needed}"
        )
    return values


def _read(path: Path, header: int | None) -> "pd.DataFrame":
    import pandas as pd

    try:
        table: pd.DataFrame = pd.read_csv(path, header=header)
    except (ValueError, pd.errors.ParserError) as error:
        raise click.UsageError(f"{path.name} is no CSV table: {' '.join(str(error).split())}") from error
    return table


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _table(answered: dict[str, Any]) -> str:
    """Return the bounds as text."""
    lines = [f"effect {answered['effect']}: {answered['estimate']:.6g} if trends are parallel"]
    for bound in answered["bounds"]:
        ends = (bound["low"], bound["high"])
        shown = "  refuted before the start " if None in ends else " ".join(f"{end:>12.6g}" for end in ends)
        lines.append(f"{bound['restriction']:<20} M = {bound['m']:<10.6g} {shown}  {bound['kind']}")
    named = ("breakdown_relative_magnitudes", "breakdown_smoothness", "pretrend_slope_50", "pretrend_slope_80")
    lines += [f"{name}: {answered[name]:.6g}" for name in named if answered[name] is not None]
    notes = (f"{name}_note" for name in named[:2])
    lines += [f"{name.removesuffix('_note')}: {answered[name]}" for name in notes if answered[name] is not None]
    return "\n".join(lines)
