"""``make evaluate``: one evaluation, from what lies in the inbox to a release, in the instance that ``make ui`` shows.

    python -m assets.evaluate [--quarter 2026-Q2]

Nothing is computed when the release of the quarter is up to date. Standard output ends with the path of the release;
the progress goes to standard error. Dagster is imported only when there is something to run.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assets.freshness import current_release
from assets.instance import LOCATION, prepare
from ikz_eval.errors import IkzError
from ikz_eval.settings import Place, place
from ikz_eval.texts import day, text

if TYPE_CHECKING:
    import dagster as dg

    from ikz_eval.registry import EvaluationQuarter, Registry

LANGUAGE = "en"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 with a release, 1 without, 2 for an error that names its remedy."""
    parser = argparse.ArgumentParser(prog="make evaluate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quarter", help="evaluation quarter, e.g. 2026-Q2; default: the latest whose cut-off has passed"
    )
    options = parser.parse_args(arguments)
    try:
        return evaluate(place(), options.quarter)
    except IkzError as error:
        click.echo(error, err=True)
        return 2
    except KeyboardInterrupt:
        click.echo(_words("interrupted"), err=True)
        return 130


def evaluate(at: Place, quarter: str | None = None) -> int:
    """Bring the release of ``quarter`` up to date and print its verdicts and path.

    Parameters
    ----------
    at : Place
        The study's place.
    quarter : str, optional
        Evaluation quarter; the latest closed one when left out.

    Returns
    -------
    int
        0 when there is a release, 1 when the run failed.

    Raises
    ------
    IkzError
        If the study is faulty or has no such evaluation.
    """
    from ikz_eval.registry import load_registry

    registry = load_registry(at.study_folder)
    due = registry.evaluation(quarter) if quarter else registry.latest_closed(datetime.now(UTC))
    prepare(at)
    write_demonstration(at, registry)
    folder = None if _inbox_holds_files(at) else current_release(at, registry, due)
    if folder is not None:
        _tell(_words("up_to_date", quarter=due.quarter))
    else:
        _tell(_words("running", quarter=due.quarter))
        folder = _run(at, due.quarter)
        if folder is None:
            return 1
    _summarise(folder, registry, due)
    click.echo(os.path.relpath(folder))
    return 0


def write_demonstration(at: Place, registry: "Registry") -> None:
    """Write the invented deliveries of a demonstration into its inbox, once for a place; nothing for a real study."""
    if not registry.is_invented or not (at.study_folder / "simulation.toml").is_file():
        return
    from filelock import FileLock

    from assets.progress import Counter
    from ikz_eval.simulation.demonstration import write_demonstration as write_once

    with FileLock(at.home / ".demonstration.lock"):
        write_once(at, registry, progress=Counter(_words("demonstration")))


def _run(at: Place, quarter: str) -> Path | None:
    """Run the job in this process; return the folder of the release, or None after telling what failed."""
    import dagster as dg
    from filelock import FileLock

    from assets.definitions import defs

    with FileLock(at.dagster / ".open.lock"):  # two that create its databases at once would meet
        opened = dg.DagsterInstance.get()
    with opened as instance:
        result = defs.resolve_job_def("evaluation").execute_in_process(
            instance=instance,
            partition_key=quarter,
            raise_on_error=False,
            run_config={"loggers": {"progress": {}}},
            tags={".dagster/repository": f"__repository__@{LOCATION}"},
        )
    if not result.success:
        _tell_failures(result)
        return None
    for check in result.get_asset_check_evaluations():
        if not check.passed:
            _tell(f"  ! {check.asset_key.to_user_string()}: {check.description}")
    metadata = result.asset_materializations_for_node("release")[0].metadata
    return Path(str(metadata["release"].value))


def _tell_failures(result: "dg.ExecuteInProcessResult") -> None:
    """Print cause and remedy of every step that failed; the run's page in the UI has the rest."""
    _tell(_words("failed"))
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            told = data.user_failure_data.description if data.user_failure_data else None
            _tell(told or f"{event.step_key}: {_last_cause(data.error)}")
    _tell(_words("see_run", run=result.run_id))


def _last_cause(error: object) -> str:
    """Return the message of the first error of a chain: what really happened."""
    while getattr(error, "cause", None) is not None:
        error = error.cause  # type: ignore[attr-defined]
    return str(getattr(error, "message", error)).strip()


def _summarise(folder: Path, registry: "Registry", due: "EvaluationQuarter") -> None:
    """Print the sentence of every field as the release prints it."""
    from zoneinfo import ZoneInfo

    from ikz_eval.publish.release import summary

    cutoff = day(due.cutoff.astimezone(ZoneInfo("Europe/Berlin")).date(), LANGUAGE)
    click.echo(_words("title", study=registry.title(LANGUAGE), quarter=due.quarter, cutoff=cutoff))
    if registry.is_invented:
        click.echo(_words("invented"))
    for sentence in summary(folder, LANGUAGE):
        click.echo(f"  {sentence}")


def _inbox_holds_files(at: Place) -> bool:
    from ikz_eval.delivery.ingest import settled_files

    ready, waiting = settled_files(at.inbox, datetime.now(UTC))
    return bool(ready or waiting)


def _words(key: str, **values: object) -> str:
    return text(f"pipeline.summary.{key}", LANGUAGE, **values)


def _tell(words: str) -> None:
    click.echo(words, err=True)


if __name__ == "__main__":
    sys.exit(main())
