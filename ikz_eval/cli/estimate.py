"""The command ``ikz estimate``: any method on any CSV or Parquet panel, so that a referee can check without the pipeline.

Reads options and file, calls the one door of stage 3 (ikz_eval/estimate/door.py), prints a table or JSON. What cannot be
computed on the data is one line on stderr and exit code 3; wrong usage is exit code 2.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

METHODS = (
    "regression", "two_by_two", "twoway", "bacon", "imputation", "group_time", "sun_abraham", "event_path",
    "stacked",
    "synthetic_control", "synthetic_did",
    "interrupted", "poisson_interrupted", "structural", "cost_function",
)  # fmt: skip
INFERENCE = (
    "classical", "analytic", "cr0", "cr1", "cr1_full", "cr2", "cr3", "wild", "randomisation", "multiplier", "placebo", "jackknife", "hac",
    "mle", "quasi", "conley_taber", "ferman_pinto", "honest",
)  # fmt: skip


class NameList(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "names"

    def __init__(self, allowed: tuple[str, ...] | None = None) -> None:
        self.allowed = allowed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split at commas; a name that is not allowed is wrong usage."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        for name in names:
            if self.allowed is not None and name not in self.allowed:
                self.fail(f"'{name}' is unknown; allowed: {', '.join(self.allowed)}", param, ctx)
        return names


class NumberList(click.ParamType[tuple[float, ...]]):
    """Numbers of zero or more, separated by commas."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Split at commas; what is no number, or below zero, is wrong usage."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"'{value}' is no list of numbers such as 0.5,1,2", param, ctx)
        if not all(0 <= one < float("inf") for one in numbers):
            self.fail(f"'{value}': allowed are numbers of zero or more", param, ctx)
        return numbers


@click.command()
@click.argument("panel", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--method", type=click.Choice(METHODS), required=True)
@click.option("--outcome", required=True, help="Column to explain.")
@click.option("--unit", help="Column naming the unit.")
@click.option("--period", help="Column with the period, whole numbers or quarters as 2024-Q3.")
@click.option("--cohort", help="Column with the first treated period; empty or 0 for never.")
@click.option("--treatment", help="Column that is 1 where treated, instead of --cohort.")
@click.option("--regressors", type=NameList(), default=(), help="Columns whose coefficients are wanted (regression).")
@click.option("--absorb", type=NameList(), default=(), help="Columns of absorbed effects (regression).")
@click.option("--cluster", help="Column of clusters; default the unit, without one each row.")
@click.option("--comparison", type=click.Choice(["never", "not_yet"]), default="never", show_default=True)
@click.option("--covariates", type=NameList(), default=())
@click.option("--adjustment", type=click.Choice(["dr", "reg", "ipw"]), default="dr", show_default=True,
              help="How group_time uses covariates: doubly robust, outcome regression, inverse weighting.")  # fmt: skip
@click.option("--anticipation", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--weights", help="Column of weights.")
@click.option("--average", type=click.Choice(["observations", "clusters"]), default="observations", show_default=True,
              help="Of the treated; imputation, group_time.")  # fmt: skip
@click.option("--aggregate", type=click.Choice(["simple", "dynamic", "group", "calendar", "none"]), default="simple",
              show_default=True)  # fmt: skip
@click.option(
    "--bin",
    "bin_length",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Periods in a bin (event_path).",
)
@click.option("--intervention", help="First period after the intervention (one series).")
@click.option("--offset", help="Column with the exposure, entered as its logarithm (poisson_interrupted).")
@click.option(
    "--donors", type=NameList(), default=(), help="Units a synthetic control may use; default all never treated."
)
@click.option("--output", help="Column with the output, such as cases (cost_function).")
@click.option("--prices", type=NameList(), default=(), help="Columns with input prices (cost_function).")
@click.option("--honest-m", "honest_m", type=NumberList(), default=(),
              help="Largest step of trends after the start, in multiples of the largest before, as 0.5,1,2 (honest).")  # fmt: skip
@click.option("--honest-smoothness", "honest_smoothness", type=NumberList(), default=(),
              help="Largest change of the slope of trends in a period, in units of the outcome (honest).")  # fmt: skip
@click.option("--size", help="Column with the size of the unit in the period, as cases; for --inference ferman_pinto.")
@click.option("--pre", type=click.IntRange(min=1), help="Periods of the window before a start (stacked).")
@click.option("--post", type=click.IntRange(min=0), help="Last period of the window, counted from the start (stacked).")
@click.option("--stack-weights", type=click.Choice(["aggregate", "none"]), default="aggregate", show_default=True,
              help="Weights of comparison rows: of the trimmed aggregate effect, or none (stacked).")  # fmt: skip
@click.option("--trend/--no-trend", default=None,
              help="A straight line in time (one series); default yes, structural no: there the level wanders.")  # fmt: skip
@click.option("--slope/--no-slope", default=False, show_default=True,
              help="A change of slope at the intervention (one series).")  # fmt: skip
@click.option("--harmonics", type=click.IntRange(min=0), default=0, show_default=True,
              help="Pairs of sine and cosine of the season (one series).")  # fmt: skip
@click.option("--season-length", "season_length", type=click.IntRange(min=2),
              help="Periods in a season; with --harmonics default 4 for quarters; alone, a season that wanders (structural).")  # fmt: skip
@click.option("--lags", type=click.IntRange(min=0), help="Lags of hac; default floor(4 (T/100)^(2/9)).")
@click.option("--form", type=click.Choice(["loglog", "translog"]), default="loglog", show_default=True,
              help="Of the cost function.")  # fmt: skip
@click.option("--at", type=NumberList(), default=(),
              help="Outputs at which the elasticity of cost is wanted, as 1000,5000 (cost_function).")  # fmt: skip
@click.option("--inference", type=NameList(INFERENCE), default=(),
              help=f"Of {', '.join(INFERENCE)}; several separated by commas. Default: cr2, and group_time's own.")  # fmt: skip
@click.option("--wild-type", type=click.Choice(["11", "31", "13", "33"]), default="11", show_default=True)
@click.option(
    "--wild-weights", type=click.Choice(["rademacher", "webb", "mammen"]), default="rademacher", show_default=True
)
@click.option("--draws", type=click.IntRange(min=1), default=9_999, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95, show_default=True
)
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
def estimate(panel: Path, style: str, **options: Any) -> None:
    """Estimate an effect on a tidy PANEL (CSV or Parquet) by one method, with the inference asked for."""
    from ikz_eval.errors import EstimationError, UsageError
    from ikz_eval.estimate.door import Request, answer

    request = Request(**options)
    try:
        answered = answer(_read(panel, request.columns), request)
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    except EstimationError as error:
        click.echo(f"ikz: {' '.join(str(error).split())}", err=True)
        sys.exit(3)
    click.echo(answered.to_json() if style == "json" else answered.summary())


def _read(path: Path, columns: tuple[str, ...]) -> "pd.DataFrame":
    """Return the panel; text stays text unless all of a column is numbers."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, pd.errors.ParserError) as error:  # neither format: say so, whatever the parser calls it
        remedy = "; save it as UTF-8" if isinstance(error, UnicodeDecodeError) else ""
        why = " ".join(str(error).split())
        raise click.UsageError(f"{path.name} is no CSV or Parquet table: {why}{remedy}") from error
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        has = ", ".join(map(str, frame.columns))
        remedy = "; separate columns by commas" if len(frame.columns) == 1 and ";" in has else ""
        raise click.UsageError(f"{path.name} has no column {', '.join(map(repr, missing))}; it has {has}{remedy}")
    return frame
