"""The command ``ikz calibrate``: how the published inference performs on a study's own design.

Reads arguments, calls ikz_eval/calibration and prints what the table allows. ``make calibrate`` also writes the page
docs/methods/calibration.md anew.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import UsageError

if TYPE_CHECKING:
    from ikz_eval.calibration import StudyLayout
    from ikz_eval.registry import Registry


@click.command()
@click.option("--study", help="Folder of studies/; by default the study that IKZ_STUDY names.")
@click.option("--quarter", help="Evaluation quarter whose design is taken; by default the latest closed one.")
@click.option("--draws", type=click.IntRange(min=1), default=4_000, show_default=True, help="Programmes in each world.")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed than the committed one.")
@click.option("--worlds", help="Only these error worlds, for example ABCD.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Local processes.")
@click.option("--scheduler", help="Address of a Dask scheduler; its workers draw instead of local processes.")
@click.option(
    "--assumed", is_flag=True, help="Starts that are not known: as if each region began as early as it could."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File for the study's table.")
@click.option(
    "--collected", type=click.Path(dir_okay=False, path_type=Path), help="File for the tables of all studies."
)
def calibrate(
    study: str | None, quarter: str | None, draws: int, seed: int | None, worlds: str | None, workers: int,
    scheduler: str | None, assumed: bool, output: Path | None, collected: Path | None,
) -> None:  # fmt: skip
    """Judge every published inference on the design of a study: size, coverage, power, bias in error worlds.

    Bodies, regions, blocks, starts and quarters are the study's; errors are drawn. Writes studies/NAME/calibration.csv,
    which releases show, and bench/calibration.csv. The same seed gives the same bytes, however many workers there are.
    """
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.progress import Progress

    from ikz_eval.calibration import calibrate as run
    from ikz_eval.calibration import calibration_table, prepare_study
    from ikz_eval.calibration.collected import collect
    from ikz_eval.calibration.run import SEED
    from ikz_eval.calibration.table import write_table
    from ikz_eval.calibration.worlds import WORLDS
    from ikz_eval.registry import load_registry
    from ikz_eval.registry.calibration import design_hash, judge_calibration, sentences
    from ikz_eval.settings import ROOT
    from ikz_eval.texts import text

    registry = load_registry(study)
    chosen = registry.evaluation(quarter) if quarter else registry.latest_closed(datetime.now(UTC))
    layout = _layout(registry, chosen.quarter, assumed)
    for field, reasons in layout.reasons.items():
        click.echo(f"{field}: not assessable on this design ({', '.join(reasons)})")
    if not layout.fields:
        click.echo(
            f"study '{registry.study}', {chosen.quarter}: no field can be assessed, so there is nothing to calibrate"
        )
        return
    seed = SEED if seed is None else seed
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("calibrating", total=None)
        prepared = prepare_study(layout)
        counts = run(
            prepared,
            draws=draws,
            seed=seed,
            worlds=tuple(worlds or WORLDS),
            workers=workers,
            scheduler=scheduler,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    made_for = design_hash(registry, chosen.quarter)
    table = calibration_table(prepared, counts, design_hash=made_for, seed=seed, draws=draws)
    name = f"{registry.study} (assumed starts)" if assumed else registry.study
    target = output or (None if assumed else ROOT / "studies" / registry.study / "calibration.csv")
    if target is not None:
        write_table(target, table)
    collect(collected or ROOT / "bench" / "calibration.csv", name, table)
    click.echo(text("calibration.done", "en", study=name, quarter=chosen.quarter))
    for sentence in sentences(judge_calibration(table), "en"):
        click.echo(sentence)


def _layout(registry: "Registry", quarter: str, assumed: bool) -> "StudyLayout":
    from ikz_eval.calibration import planned_layout, study_layout
    from ikz_eval.calibration.layout import assumed_regions
    from ikz_eval.quarters import quarter_range

    if not assumed:
        return study_layout(registry, quarter)
    regions = assumed_regions(registry)
    if not any(region.start for region in regions):
        raise UsageError(f"study '{registry.study}': no agreement gives a day before which no region can have begun")
    quarters = quarter_range(registry.first_quarter, quarter)
    return planned_layout(registry.study, regions, quarters, fields=len(registry.outcomes))
