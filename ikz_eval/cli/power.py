"""The command ``ikz power``: what a study, or one that is only planned, could find.

Reads arguments, puts design and noise together, and prints table, JSON or figure. Simulation and words are
ikz_eval/calibration.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ikz_eval.errors import UsageError

if TYPE_CHECKING:
    from ikz_eval.calibration.noise import Noise
    from ikz_eval.calibration.power import PlannedStudy
    from ikz_eval.calibration.power_report import PowerReport
    from ikz_eval.registry import Registry

_SCRATCH = ("bodies", "blocks", "before", "after")
"""Options that describe a design planned from scratch."""
_STAGGER = 4
"""Quarters between the starts of the regions of a planned design."""


@click.command()
@click.option("--study", help="Folder of studies/; by default the study that IKZ_STUDY names.")
@click.option(
    "--quarter",
    help="Last quarter of the design; by default the latest closed evaluation quarter. With --store also: all, for every closed "
    "one whose design has no power yet.",
)
@click.option("--regions", type=click.IntRange(min=1), help="Plan from scratch: model regions, a year apart.")
@click.option(
    "--bodies", type=click.IntRange(min=1), default=4, show_default=True, help="Bodies in each, with --regions."
)
@click.option("--blocks", type=click.IntRange(min=1), default=6, show_default=True, help="Blocks, with --regions.")
@click.option(
    "--before", type=click.IntRange(min=1), default=8, show_default=True, help="Quarters before, with --regions."
)
@click.option(
    "--after", type=click.IntRange(min=1), default=8, show_default=True, help="Quarters after, with --regions."
)
@click.option("--fields", type=click.IntRange(min=1), help="Fields tested together; by default those of the study.")
@click.option(
    "--noise", type=click.FloatRange(min=0, min_open=True), help="Noise of a body's quarterly cost per case [%]."
)
@click.option("--icc", type=float, help="Share of its variance common to a region, 0 to below 1.")
@click.option("--autocorrelation", type=float, help="Correlation with the quarter before, 0 to below 1.")
@click.option("--draws", type=click.IntRange(min=50), default=400, show_default=True, help="Programmes drawn.")
@click.option("--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--figure", type=click.Path(dir_okay=False, path_type=Path), help="Also draw the power into this SVG file."
)
@click.option("--store", is_flag=True, help="Also write studies/NAME/power.csv, which releases show.")
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True)
def power(
    study: str | None, quarter: str | None, regions: int | None, bodies: int, blocks: int, before: int, after: int,
    fields: int | None, noise: float | None, icc: float | None, autocorrelation: float | None, draws: int, style: str,
    figure: Path | None, store: bool, lang: str,
) -> None:  # fmt: skip
    """Show what the verdict could find: power at -5, -10 and -20 %, least detectable effects, what more would buy.

    The design is the study's (bodies, regions, blocks, starts, quarters). Where too few starts are known to assess any
    field, every region is taken to begin as early as it can have, and that is said. --regions plans from scratch. The
    noise is estimated from the deliveries evaluated up to that quarter, or given, or assumed, and that is said, too.
    """
    from datetime import UTC, datetime

    from ikz_eval.registry import load_registry
    from ikz_eval.registry.calibration import ALL, quarters_meant

    if store and regions is not None:
        raise UsageError("--store keeps the power of a registered study; it does not go with --regions")
    _require_own_options(is_from_scratch=regions is not None)
    if quarter == ALL and not store:
        raise UsageError("--quarter all goes with --store: it simulates what the study's file lacks")
    registry = load_registry(study)
    quarters = quarters_meant(registry, registry.power, quarter, datetime.now(UTC))
    if not quarters:
        click.echo(f"study '{registry.study}': every closed evaluation quarter has the power of its design")
    for each in quarters:
        known = _noise(registry, each, noise, icc, autocorrelation)
        if regions is None:
            base, remarks = _registered(registry, each, fields, lang)
        else:
            base, remarks = _from_scratch(registry, regions, bodies, blocks, before, after, fields), []
        report = _reported(registry, known, base, remarks, draws, has_curve=figure is not None, lang=lang)
        if store:
            _store(registry, each, report)
        if figure is not None:
            figure.write_text(report.svg(lang), encoding="utf-8")
        _show(report, style, lang)


def _require_own_options(*, is_from_scratch: bool) -> None:
    """Refuse options of the other kind of design; they would change nothing."""
    foreign = ("quarter",) if is_from_scratch else _SCRATCH
    source = click.get_current_context().get_parameter_source
    named = ", ".join(f"--{name}" for name in foreign if source(name) is ParameterSource.COMMANDLINE)
    if named:
        kind = "goes with the design of a registered study, not with" if is_from_scratch else "goes with"
        raise UsageError(f"{named} {kind} --regions; it would change nothing")


def _reported(
    registry: "Registry",
    known: "Noise",
    base: "PlannedStudy",
    remarks: list[str],
    draws: int,
    *,
    has_curve: bool,
    lang: str,
) -> "PowerReport":
    from ikz_eval.calibration.power import CURVE, EFFECTS, alternatives, power_of
    from ikz_eval.calibration.power_report import PowerReport

    effects = CURVE if has_curve else EFFECTS
    found = tuple(power_of(each, known, effects=effects, draws=draws) for each in alternatives(base))
    return PowerReport(registry.title(lang), known, found, tuple(remarks), draws, bool(remarks))


def _show(report: "PowerReport", style: str, lang: str) -> None:
    import json

    from ikz_eval.calibration.power import EFFECTS

    if style == "json":
        click.echo(json.dumps(report.values(), ensure_ascii=False, indent=2))
        return
    for line in report.head(lang):
        click.echo(line)
    click.echo()
    _print(report.table(EFFECTS, lang))
    click.echo()
    for line in (*report.why(lang), report.note(lang)):
        click.echo(line)


def _noise(
    registry: "Registry", quarter: str, noise: float | None, icc: float | None, autocorrelation: float | None
) -> "Noise":
    from ikz_eval.calibration.noise import ASSUMED_ICC, ASSUMED_NOISE, Noise, latest_noise
    from ikz_eval.settings import place
    from ikz_eval.warehouse import Warehouse

    if noise is None and (icc is not None or autocorrelation is not None):
        raise UsageError("--icc and --autocorrelation need --noise; without it all three are estimated or assumed")
    if noise is not None:
        return Noise(noise / 100, ASSUMED_ICC if icc is None else icc, autocorrelation or 0.0)
    panel = Warehouse(place(registry.study).warehouse, read_only=True).read("panel")
    return latest_noise(registry, panel, quarter) or Noise(ASSUMED_NOISE, ASSUMED_ICC, 0.0)


def _registered(registry: "Registry", quarter: str, fields: int | None, lang: str) -> tuple["PlannedStudy", list[str]]:
    """Return the design of the study, and what must be said of it."""
    from ikz_eval.calibration.layout import assumed_regions, study_layout
    from ikz_eval.calibration.power import PlannedStudy, plan_of
    from ikz_eval.calibration.reasons import alike_in_words
    from ikz_eval.quarters import quarter_range
    from ikz_eval.texts import text

    layout = study_layout(registry, quarter)
    if layout.fields:
        return plan_of(layout.fields[0], fields or len(layout.fields)), []
    names = dict(zip(registry.fields["field"], registry.fields[f"name_{lang}"], strict=True))
    named = ((names[field], codes) for field, codes in layout.reasons.items())
    remarks = [*alike_in_words("calibration.power.registered", lang, named)]
    remarks.append(text("calibration.power.starts_assumed", lang))
    assumed = tuple(assumed_regions(registry))
    if not any(region.start for region in assumed):
        raise UsageError(f"study '{registry.study}': no start is known or bounded; plan with --regions")
    quarters = tuple(quarter_range(registry.first_quarter, quarter))
    return PlannedStudy("base", assumed, quarters, fields or len(registry.outcomes)), remarks


def _store(registry: "Registry", quarter: str, report: "PowerReport") -> None:
    """Write the quarter's rows into the study's power.csv; those of other quarters stay."""
    from ikz_eval.calibration.collected import replace_rows
    from ikz_eval.registry.calibration import design_hash
    from ikz_eval.settings import ROOT

    head = {"quarter": quarter, "design_hash": design_hash(registry, quarter)}
    rows = [head | row for row in report.rows()]
    path = ROOT / "studies" / registry.study / "power.csv"
    replace_rows(path, list(rows[0]), [[_plain(value) for value in row.values()] for row in rows], keys=1)


def _plain(value: object) -> str:
    """Return a value as it stands in a CSV file."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _from_scratch(
    registry: "Registry", regions: int, bodies: int, blocks: int, before: int, after: int, fields: int | None
) -> "PlannedStudy":
    from ikz_eval.calibration.layout import PlannedRegion
    from ikz_eval.calibration.power import PlannedStudy
    from ikz_eval.quarters import quarter_range, quarter_shift

    first = registry.first_quarter
    starts = [quarter_shift(first, before + _STAGGER * number) for number in range(regions)]
    quarters = quarter_range(first, quarter_shift(starts[-1], after - 1))
    treated = [PlannedRegion(f"Region {number + 1}", bodies, start) for number, start in enumerate(starts)]
    others = [PlannedRegion(f"Vergleichsblock {number + 1}", bodies) for number in range(blocks)]
    return PlannedStudy("base", (*treated, *others), tuple(quarters), fields or len(registry.outcomes))


def _print(lines: list[list[str]]) -> None:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        first, *rest = (cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths, strict=True)))  # fmt: skip
        click.echo("  ".join([first, *rest]).rstrip())
