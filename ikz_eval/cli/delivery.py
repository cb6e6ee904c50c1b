"""The command ``ikz ingest``: files of the inbox become deliveries; ``ikz check`` is check.py.

It reads arguments, calls the delivery stage and prints. Rules and words belong to ikz_eval/delivery and ikz_eval/texts.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import LANGUAGES, text

if TYPE_CHECKING:
    from datetime import datetime

    from ikz_eval.delivery.ingest import IngestReport
    from ikz_eval.registry import Registry


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--sender", metavar="TEXT", help="Who sent FILE, or without FILE all of the inbox; kept with the arrival."
)
@click.option("--received", metavar="ISO", help="When the files arrived, e.g. 2024-11-14T09:30; default now.")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="de",
    show_default=True,
    help="Language of the lines; en also writes English answers.",
)
def ingest(files: tuple[str, ...], sender: str | None, received: str | None, lang: str) -> None:
    """Take FILE and what lies in the inbox into the ledger, judge each, write the answers to the outbox.

    FILE is copied into the inbox first and stays where it is.
    """
    from rich.console import Console
    from rich.progress import Progress

    from ikz_eval.cli.check import typed_path
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
            files=[typed_path(one) for one in files],
            sender=sender,
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
    from ikz_eval.delivery.answer import answer_stem

    lines = []
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    for row in report.taken.to_dict("records"):
        ags, quarter = (row[name] if isinstance(row[name], str) else None for name in ("ags", "quarter"))
        values = {
            "file": row["file_name"],
            "who": f"{names.get(ags, '')} ({ags})".strip() if ags else text("answer.unknown_body", lang),
            "version": row["version"],
            "answer": f"{answer_stem(ags, quarter, row['delivery_id'], lang)}.html",
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
