"""Commands about studies: ``ikz study check`` judges a study folder, ``ikz demo`` writes an invented programme.

A command reads its arguments, calls the registry or the simulation and prints; what is a fault stands in
ikz_eval/registry.
"""

import sys

import click

from ikz_eval.errors import StudyError
from ikz_eval.quarters import quarter_range


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def study() -> None:
    """Look at a study, a folder of studies/."""


@study.command("check")
@click.argument("name", required=False)
def check(name: str | None) -> None:
    """Check every file of a study; name each fault with file, row and column.

    NAME is a folder of studies/ or any other folder; by default the study that IKZ_STUDY names. Exit code 0 when there
    is no fault, 1 otherwise.
    """
    from ikz_eval.registry.load import load_registry, study_folder
    from ikz_eval.registry.validate import study_faults

    folder = study_folder(name)
    faults = study_faults(folder)
    for fault in faults:
        click.echo(fault)
    if faults:
        click.echo(f"study '{folder.name}': {len(faults)} fault(s)", err=True)
        sys.exit(1)
    registry = load_registry(folder)
    counts = {
        "bodies": len(registry.bodies),
        "participants": int(registry.bodies["is_participant"].sum()),
        "regions": int((registry.regions["kind"] == "region").sum()),
        "blocks": int((registry.regions["kind"] == "block").sum()),
        "fields": len(registry.fields),
        "delivered fields": len(registry.delivered_fields),
        "agreement rows": len(registry.agreements),
        "evaluation quarters": len(registry.evaluations),
    }
    click.echo(f"study '{folder.name}': ok; " + ", ".join(f"{number} {what}" for what, number in counts.items()))


@click.command()
@click.option("--seed", type=click.IntRange(min=0), help="Another draw of the invented Land; needs a place of its own.")
@click.option("--quarters", help="Only these quarters: 2024-Q1, or from and to as 2020-Q3..2021-Q2.")
def demo(seed: int | None, quarters: str | None) -> None:
    """Write the demonstration's invented deliveries into the inbox.

    Official workbooks and CSV files with planted arrival times (arrivals.csv), the same for the same seed. `ikz ingest`
    takes them in. What was written before is not written again.
    """
    from rich.console import Console
    from rich.progress import Progress

    from ikz_eval.registry import load_registry
    from ikz_eval.settings import place
    from ikz_eval.simulation import write_demonstration

    here = place()
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("invented deliveries", total=None)
        report = write_demonstration(
            here,
            load_registry(),
            seed=seed,
            quarters=_quarters(quarters),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    span = f"{report.quarters[0]} to {report.quarters[-1]}, seed {report.seed}"
    if report.written:
        click.echo(f"{report.written} invented deliveries ({span}) written to {here.inbox}; next: ikz ingest")
    else:
        click.echo(f"nothing to do: the invented deliveries ({span}) have been written before")


def _quarters(span: str | None) -> list[str] | None:
    """Return the quarters a span names: one, or from..to."""
    if span is None:
        return None
    first, _, last = span.partition("..")
    quarters = quarter_range(first.strip(), (last or first).strip())
    if not quarters:
        raise StudyError(f"--quarters: '{span}' ends before it begins; allowed is from..to, e.g. 2020-Q3..2021-Q2")
    return quarters
