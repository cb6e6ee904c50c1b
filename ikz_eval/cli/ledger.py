"""Commands about the ledger: ``ikz deliveries``, ``remind``, ``withdraw``, ``diff``, ``retain`` and ``calendar``.

They read arguments, call the stages and print; what a status means is ikz_eval/panel, what is kept ikz_eval/warehouse.
"""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import LANGUAGES, text

if TYPE_CHECKING:
    import pandas as pd

    from ikz_eval.registry import Registry
    from ikz_eval.warehouse import Warehouse

LANG = click.option("--lang", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language.")


@click.command()
@click.option("--body", help="AGS of one body.")
@click.option("--quarter", help="One quarter, e.g. 2025-Q4.")
@click.option("--at", metavar="ISO", help="As of this moment, e.g. 2026-02-20; default now.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@LANG
def deliveries(body: str | None, quarter: str | None, at: str | None, form: str, lang: str) -> None:
    """Show who has delivered which quarter, what is due when, and who is late."""
    registry, warehouse = _study()
    moment = _moment(at)
    rows = _chosen(_calendar(registry, warehouse, moment), registry, body, quarter)
    if form == "table":
        click.echo(_table(rows, registry, moment, lang))
        return
    columns = text("reminder.deliveries.columns", "de" if lang == "de" else "en").split(";")
    keys = ["ags", "name", "quarter", "due_on", "status", "version", "received_on"]
    plain = [{key: _plain(row[key]) for key in [*keys, "delivery_id"]} for row in rows.to_dict("records")]
    if form == "json":
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow([*columns, "delivery_id"])
    writer.writerows([[row[key] for key in [*keys, "delivery_id"]] for row in plain])
    click.echo(out.getvalue(), nl=False)


@click.command()
@click.option("--at", metavar="ISO", help="As of this moment; default now.")
@LANG
def remind(at: str | None, lang: str) -> None:
    """Write the reminders that are due into the outbox, each once."""
    from ikz_eval.delivery.reminders import write_reminders
    from ikz_eval.settings import place

    registry, warehouse = _study()
    moment = _moment(at)
    paths = write_reminders(place(), registry, warehouse, _calendar(registry, warehouse, moment), moment, lang)
    for path in paths:
        click.echo(path.name)
    click.echo(text("reminder.deliveries.reminded", lang, number=len(paths), outbox=place().outbox))


@click.command()
@click.argument("delivery_id")
@click.option("--reason", required=True, help="Why it is taken back.")
@LANG
def withdraw(delivery_id: str, reason: str, lang: str) -> None:
    """Take delivery DELIVERY_ID back: it stays in the ledger and is evaluated no more."""
    from ikz_eval.delivery.withdrawal import withdraw as take_back
    from ikz_eval.settings import place

    registry, warehouse = _study()
    row = take_back(place(), warehouse, delivery_id, reason, datetime.now(UTC))
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    values = {"delivery": delivery_id, "who": names.get(row["ags"], ""), "quarter": _plain(row["quarter"])}
    click.echo(text("reminder.withdrawn.done", lang, **values, version=_plain(row["version"])))


@click.command()
@click.argument("old")
@click.argument("new")
@LANG
def diff(old: str, new: str, lang: str) -> None:
    """Show cell by cell what differs between two deliveries, OLD and NEW."""
    from ikz_eval.delivery.changes import changes_between
    from ikz_eval.delivery.judgement import Cell
    from ikz_eval.delivery.withdrawal import known_delivery

    _, warehouse = _study()
    for one in (old, new):
        known_delivery(warehouse, one)
    cells = [[Cell(*cell) for cell in warehouse.ledger.cells_of(one)] for one in (old, new)]
    changes = changes_between(*cells)
    key = "head" if changes else "same"
    click.echo(text(f"reminder.difference.{key}", lang, old=old, new=new, number=len(changes)))
    for change in changes:
        is_cell = len(change.column) < 3
        place = f"{change.sheet}!{change.column}{change.row}" if is_cell else f"{change.sheet}, {change.row}"
        if change.table == "remark":
            click.echo(f"{place}  {text('reminder.difference.remark', lang)}")
            continue
        before = change.old if change.old is not None else text("reminder.difference.fresh", lang)
        after = change.new if change.new is not None else text("reminder.difference.gone", lang)
        click.echo(f"{place}  {change.field} {change.item}: {before} → {after}")


@click.command()
@click.option("--delivery", "ids", multiple=True, help="Delivery whose content must go; may be repeated.")
@click.option("--older-than", "moment", metavar="DATE", help="All deliveries that arrived before this day.")
@click.option("--legal-basis", required=True, help="Norm and occasion, e.g. 'Art. 17 DSGVO, Antrag vom 3.2.2026'.")
@LANG
def retain(ids: tuple[str, ...], moment: str | None, legal_basis: str, lang: str) -> None:
    """Remove what may name a person (file, remarks, findings, sender, answers) and leave the fact and the numbers."""
    from ikz_eval.delivery.withdrawal import older_than, remove_content
    from ikz_eval.settings import place

    if bool(ids) == (moment is not None):
        raise click.UsageError("give either --delivery or --older-than")
    _, warehouse = _study()
    wanted = list(ids) or older_than(warehouse, _moment(moment))
    number = remove_content(place(), warehouse, wanted, legal_basis, datetime.now(UTC))
    click.echo(text("reminder.withdrawn.removed", lang, number=number))


@click.command()
@click.option("--body", help="AGS of one body; default the study's own calendar.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default Liefertermine.ics.")
@LANG
def calendar(body: str | None, output: Path | None, lang: str) -> None:
    """Write the due dates as a calendar file (.ics)."""
    from ikz_eval.registry.calendar_file import calendar_file

    registry, _ = _study()
    _known_body(registry, body)
    path = output or Path(f"{body}_Liefertermine.ics" if body else "Liefertermine.ics")
    path.write_bytes(calendar_file(registry, ags=body, lang=lang))
    click.echo(path)


def _study() -> "tuple[Registry, Warehouse]":
    from ikz_eval.registry import load_registry
    from ikz_eval.settings import place
    from ikz_eval.warehouse import Warehouse

    return load_registry(), Warehouse(place().warehouse)


def _calendar(registry: "Registry", warehouse: "Warehouse", moment: datetime) -> "pd.DataFrame":
    from ikz_eval.panel import calendar_at, standing

    delivery = standing(warehouse.read("delivery"), warehouse.read("ledger_event"), moment)
    return calendar_at(registry, delivery, moment)


def _chosen(rows: "pd.DataFrame", registry: "Registry", body: str | None, quarter: str | None) -> "pd.DataFrame":
    """Return the rows of a body and a quarter, with the body's name."""
    _known_body(registry, body)
    if quarter is not None and quarter not in set(rows["quarter"]):
        raise DeliveryError(
            f"--quarter: '{quarter}' is not due in study {registry.study}; allowed: {rows['quarter'].min()} to "
            f"{rows['quarter'].max()}"
        )
    names = dict(zip(registry.bodies["ags"], registry.bodies["name"], strict=True))
    rows = rows.assign(name=rows["ags"].map(names))
    is_wanted = rows["ags"].eq(body) if body else rows["ags"].notna()
    return rows[is_wanted & (rows["quarter"].eq(quarter) if quarter else True)]


def _known_body(registry: "Registry", body: str | None) -> None:
    if body is not None and body not in set(registry.bodies["ags"]):
        raise DeliveryError(
            f"--body: '{body}' is no body of study {registry.study}; allowed: {', '.join(sorted(registry.bodies['ags']))}"
        )


def _table(rows: "pd.DataFrame", registry: "Registry", moment: datetime, lang: str) -> str:
    """Return who lacks what in words, then the deliveries of the latest quarters line by line."""
    from ikz_eval.texts import day

    is_there, is_open = rows["status"].isin(("on_time", "late")), rows["status"] == "open"
    late = rows[rows["status"].isin(("missing", "rejected"))]
    due, shown = int((~is_open).sum()), day(moment.date(), lang)
    values = {"delivered": int((is_there & ~is_open).sum()), "due": due, "open": int(is_open.sum()), "day": shown}
    lines = [text("reminder.deliveries.head", lang, **values)]
    if len(late):
        who = ", ".join(f"{name} {quarter}" for name, quarter in zip(late["name"], late["quarter"], strict=True))
        lines.append(text("reminder.deliveries.late", lang, who=who))
    else:
        lines.append(text("reminder.deliveries.none_late", lang))
    width = max((len(name) for name in rows["name"]), default=0)
    last = sorted(rows["quarter"].unique())[-4:]
    for row in rows[rows["quarter"].isin(last)].sort_values(["quarter", "ags"]).to_dict("records"):
        status = text(f"reminder.status.{row['status']}", lang)
        received, delivery = _plain(row["received_on"]) or "-", _plain(row["delivery_id"]) or ""
        lines.append(
            f"{row['ags']}  {row['name']:<{width}}  {row['quarter']}  {row['due_on']}  {status:<14} {received:<10}  {delivery}".rstrip()
        )
    return "\n".join(lines)


def _plain(value: Any) -> Any:
    """Return a value without pandas' gaps."""
    return None if value is None or value != value or type(value).__name__ == "NAType" else value


def _moment(written: str | None) -> datetime:
    """Return a moment as typed; without time zone it is the time in Germany."""
    from zoneinfo import ZoneInfo

    if written is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise DeliveryError(
            f"'{written}' is no moment; allowed is for example 2026-02-20 or 2026-02-20T09:30 (time in Germany)"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("Europe/Berlin"))
