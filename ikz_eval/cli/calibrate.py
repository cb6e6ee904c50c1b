"""The command ``ikz calibrate``: how the published inference performs on a study's own design.

Reads arguments, calls ikz_eval/calibration and prints what the table allows. ``make calibrate`` also writes the page
docs/methods/calibration.md anew.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import UsageError

if TYPE_CHECKING:
    from ikz_eval.calibration import PreparedStudy, StudyLayout
    from ikz_eval.calibration.tally import Counts
    from ikz_eval.registry import Registry


@click.command()
@click.option("--study", help="Folder of studies/; by default the study that IKZ_STUDY names.")
@click.option(
    "--quarter",
    help="Evaluation quarter whose design is taken; by default the latest closed one. all: every closed one whose design has "
    "none yet.",
)
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
    which releases show, and bench/calibration.csv; rows of other quarters stay. The same seed gives the same bytes, however many
    workers there are.
    """
    from datetime import UTC, datetime

    from ikz_eval.calibration.run import SEED
    from ikz_eval.calibration.worlds import WORLDS
    from ikz_eval.registry import load_registry
    from ikz_eval.registry.calibration import quarters_meant
    from ikz_eval.settings import ROOT

    registry = load_registry(study)
    how = _How(draws, SEED if seed is None else seed, tuple(worlds or WORLDS), workers, scheduler, assumed)
    own = output or (None if assumed else ROOT / "studies" / registry.study / "calibration.csv")
    quarters = quarters_meant(registry, registry.calibration, quarter, datetime.now(UTC))
    if not quarters:
        click.echo(f"study '{registry.study}': every closed evaluation quarter has a calibration of its design")
    for each in quarters:
        _calibrate(registry, each, how, own, collected or ROOT / "bench" / "calibration.csv")


@dataclass(frozen=True, slots=True)
class _How:
    """How to draw, and on which starts."""

    draws: int
    seed: int
    worlds: tuple[str, ...]
    workers: int
    scheduler: str | None
    assumed: bool


def _calibrate(registry: "Registry", quarter: str, how: _How, own: Path | None, collected: Path) -> None:
    """Calibrate the design of one evaluation quarter, write its rows and say what they allow."""
    from ikz_eval.calibration import calibration_table, prepare_study
    from ikz_eval.calibration.collected import collect, store
    from ikz_eval.calibration.reasons import reason_words
    from ikz_eval.registry.calibration import average_sentences, design_hash, judge_calibration, sentences
    from ikz_eval.texts import text

    layout = _layout(registry, quarter, how.assumed)
    for field, reasons in layout.reasons.items():
        click.echo(f"{field}: not assessable on this design, because {reason_words(reasons, 'en')}")
    if not layout.fields:
        nothing = "no field can be assessed, so there is nothing to calibrate"
        remedy = "" if how.assumed else "; --assumed takes each start as early as it can have been"
        click.echo(f"study '{registry.study}', {quarter}: {nothing}{remedy}")
        return
    prepared = prepare_study(layout)
    counts = _counted(prepared, how)
    made_for = design_hash(registry, quarter)
    table = calibration_table(prepared, counts, design_hash=made_for, seed=how.seed, draws=how.draws)
    name = f"{registry.study} (assumed starts)" if how.assumed else registry.study
    if own is not None:
        store(own, table)
    collect(collected, name, table)
    click.echo(text("calibration.done", "en", study=name, quarter=quarter))
    for sentence in (*sentences(judge_calibration(table), "en"), *average_sentences(table, "en")):
        click.echo(sentence)


def _counted(prepared: "PreparedStudy", how: _How) -> "dict[tuple[str, str], Counts]":
    """Draw and count, with a bar where there is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from ikz_eval.calibration import calibrate as run

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("calibrating", total=None)
        return run(
            prepared,
            draws=how.draws,
            seed=how.seed,
            worlds=how.worlds,
            workers=how.workers,
            scheduler=how.scheduler,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


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
