"""Commands about deliveries: ``ikz check``, ``ikz template`` and ``ikz ingest``.

They read arguments, call the delivery stage and print. Rules and words belong to ikz_eval/delivery and ikz_eval/texts.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import LANGUAGES, text

if TYPE_CHECKING:
    from datetime import datetime

    from ikz_eval.delivery.findings import Finding
    from ikz_eval.delivery.ingest import IngestReport
    from ikz_eval.delivery.judge import Judgement
    from ikz_eval.registry import Registry


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language of the findings.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(file: Path, lang: str, form: str) -> None:
    """Judge FILE as a delivery to the study; exit code 0 when accepted, 1 when rejected."""
    from ikz_eval.delivery.inbox import shown_name
    from ikz_eval.delivery.judge import judge
    from ikz_eval.registry import load_registry

    registry, name = load_registry(), shown_name(file.name)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DeliveryError(f"{name}: cannot be read ({error.strerror}); check the rights of the file") from error
    judgement = judge(data, name, registry)
    if form == "json":
        click.echo(json.dumps(_as_json(judgement, name, lang), ensure_ascii=False, indent=2))
    else:
        click.echo(_as_text(judgement, name, registry, lang))
    sys.exit(0 if judgement.status == "accepted" else 1)


@click.command()
@click.option("--body", required=True, help="AGS of the body, e.g. 07131.")
@click.option("--quarter", required=True, help="Quarter to be delivered, e.g. 2025-Q4.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; default <AGS>_<quarter>.xlsx (or .csv) in the current folder.",
)
@click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
def template(body: str, quarter: str, output: Path | None, form: str) -> None:
    """Write the empty official form of a body for a quarter, as a workbook or as CSV."""
    from ikz_eval.delivery.csv_form import empty_csv
    from ikz_eval.delivery.expectation import expect
    from ikz_eval.delivery.template import empty_workbook
    from ikz_eval.quarters import quarter_range
    from ikz_eval.registry import load_registry

    registry = load_registry()
    expected = expect(registry)
    if body not in expected.bodies:
        raise DeliveryError(
            f"--body: '{body}' is no body of study {registry.study}; allowed: {', '.join(sorted(expected.bodies))}"
        )
    if quarter not in quarter_range(expected.first_quarter, expected.last_quarter):
        raise DeliveryError(
            f"--quarter: '{quarter}' is not collected in study {registry.study}; allowed: "
            f"{expected.first_quarter} to {expected.last_quarter}"
        )
    path = output or Path(f"{body}_{quarter}.{form}")
    empty = empty_workbook if form == "xlsx" else empty_csv
    try:
        path.write_bytes(empty(registry, body, quarter))
    except OSError as error:
        raise DeliveryError(
            f"{path}: cannot be written ({error.strerror}); choose another place with --output"
        ) from error
    click.echo(text("delivery.check.form_written", path=path))


@click.command()
@click.option("--received", metavar="ISO", help="When the files arrived, e.g. 2024-11-14T09:30; default now.")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="de",
    show_default=True,
    help="Language of the lines; en also writes English answers.",
)
def ingest(received: str | None, lang: str) -> None:
    """Take the files of the inbox into the ledger, judge each, write the answers to the outbox."""
    from rich.console import Console
    from rich.progress import Progress

    from ikz_eval.delivery.ingest import ingest as take_in
    from ikz_eval.registry import load_registry
    from ikz_eval.settings import place
    from ikz_eval.warehouse import Warehouse

    at, registry = place(), load_registry()
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(text("answer.ingest.progress", lang))
        report = take_in(
            at,
            registry,
            Warehouse(at.warehouse),
            received_at=_moment(received),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            languages=dict.fromkeys(("de", lang)),
        )
    click.echo("\n".join(_ingested_lines(report, registry, at.outbox, lang)))


def _moment(written: str | None) -> "datetime | None":
    """Return a moment as typed; without time zone it is the time in Germany."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise DeliveryError(
            f"--received: '{written}' is no moment; allowed is for example 2024-11-14T09:30 (time in Germany) or "
            "2024-11-14T08:30:00Z"
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Europe/Berlin"))
    if moment > datetime.now(UTC):
        raise DeliveryError(f"--received: '{written}' lies ahead; allowed is a moment up to now")
    return moment


def _ingested_lines(report: "IngestReport", registry: "Registry", outbox: Path, lang: str) -> list[str]:
    """Return a line a file and a summary."""
    from ikz_eval.delivery.answer import answer_name, who

    lines = []
    for row in report.taken.to_dict("records"):
        values = {
            "file": row["file_name"],
            "who": who(registry, row, lang),
            "version": row["version"],
            "answer": answer_name(row, lang),
        }
        lines.append(text(f"answer.ingest.{row['status']}", lang, **values))
    lines += [text("answer.ingest.known", lang, file=name) for name in report.known]
    lines += [text("answer.ingest.waiting", lang, file=name) for name in report.waiting]
    counts = {
        "taken": len(report.taken),
        "accepted": len(report.taken) - len(report.rejected),
        "rejected": len(report.rejected),
        "known": len(report.known),
        "waiting": len(report.waiting),
        "outbox": outbox,
    }
    return [*lines, text("answer.ingest.summary", lang, **counts)]


def _as_text(judgement: "Judgement", file_name: str, registry: "Registry", lang: str) -> str:
    """Return verdict, findings and counts as lines."""
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    values = {
        "file": file_name,
        "name": names.get(judgement.ags or "", ""),
        "ags": judgement.ags,
        "quarter": judgement.quarter,
    }
    lines = [text(f"delivery.check.{judgement.status}", lang, **values)]
    lines += [finding.sentence(lang) for finding in judgement.findings]
    if not judgement.findings:
        return "\n".join([*lines, text("delivery.check.nothing_found", lang)])
    counts = {
        "rejecting": sum(finding.is_rejecting for finding in judgement.findings),
        "questions": sum(finding.severity == "question" for finding in judgement.findings),
        "notes": sum(finding.severity == "note" for finding in judgement.findings),
    }
    return "\n".join([*lines, text("delivery.check.counts", lang, **counts)])


def _as_json(judgement: "Judgement", file_name: str, lang: str) -> dict[str, object]:
    return {
        "file": file_name,
        "delivery_id": judgement.delivery_id,
        "status": judgement.status,
        "layout": judgement.layout,
        "ags": judgement.ags,
        "quarter": judgement.quarter,
        "is_invented": judgement.is_invented,
        "findings": [_finding_as_json(finding, lang) for finding in judgement.findings],
    }


def _finding_as_json(finding: "Finding", lang: str) -> dict[str, object]:
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "sheet": place.sheet,
        "row": place.row,
        "column": place.column,
        "label": place.label,
        "found": finding.found_text(lang),
        "allowed": finding.allowed(lang),
        "remedy": finding.remedy(lang),
        "sentence": finding.sentence(lang),
    }
