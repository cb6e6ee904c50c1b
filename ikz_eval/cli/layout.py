"""Commands about exports: ``ikz layout list``, ``draft``, ``read`` and ``fill``.

They read a file, call ikz_eval/delivery/exports and print; what a layout may say stands there.
"""

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import LANGUAGES, number, text

if TYPE_CHECKING:
    from ikz_eval.delivery.exports import ExportLayout, ExportReading
    from ikz_eval.delivery.reading import Contents

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
LANG = click.option("--lang", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language.")
LAYOUT = click.option(
    "--layout", "choice", help="Name of a layout, or a TOML file; default the one that knows the file."
)


@click.group()
def layout() -> None:
    """Read the exports of finance systems by a layout file; draft one for a new system."""


@layout.command("list")
def list_layouts() -> None:
    """List the layouts there are: the study's own first."""
    for one in _layouts(None):
        click.echo(f"{one.name:<28} {one.title}")


@layout.command()
@FILE
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="TOML file to write.")
@LANG
def draft(file: Path, output: Path | None, lang: str) -> None:
    """Propose a layout for FILE and show what was understood; exit code 1 when something is left to decide."""
    from ikz_eval.delivery.exports.draft import draft_layout

    proposed = draft_layout(_contents(file), file.name)
    if proposed is None:
        raise DeliveryError(text("exports.draft.nothing", lang, file=file.name))
    for key, value in proposed.understood:
        click.echo(f"{text(f'exports.draft.{key}', lang)}: {value or '-'}", err=True)
    for key in proposed.open_points:
        click.echo(f"! {text(f'exports.draft.open_{key}', lang)}", err=True)
    if not proposed.open_points:
        click.echo(text("exports.draft.complete", lang), err=True)
    if output is None:
        click.echo(proposed.toml, nl=False)
    else:
        output.write_text(proposed.toml, encoding="utf-8", newline="\n")
        click.echo(str(output))
    sys.exit(1 if proposed.open_points else 0)


@layout.command()
@FILE
@LAYOUT
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@LANG
def read(file: Path, choice: str | None, form: str, lang: str) -> None:
    """Show the totals of FILE per product and cost block, and its control sums; exit code 1 when one differs."""
    reading = _reading(file, choice)
    if form == "json":
        click.echo(json.dumps(_as_json(reading), ensure_ascii=False, indent=2))
    elif form == "csv":
        click.echo(_as_csv(reading), nl=False)
    else:
        click.echo(_as_text(reading, file.name, lang))
    sys.exit(1 if reading.differing or reading.faults else 0)


@layout.command()
@FILE
@LAYOUT
@click.option("--ags", required=True, help="Body the export belongs to.")
@click.option("--quarter", required=True, help="Quarter to fill in, e.g. 2025-Q4; the export must hold it.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default <AGS>_<quarter>.xlsx.")
@LANG
def fill(file: Path, choice: str | None, ags: str, quarter: str, output: Path | None, lang: str) -> None:
    """Write the official form with the costs that FILE holds for mapped products; the rest stays open."""
    from ikz_eval.delivery.content import DeliveryContent
    from ikz_eval.delivery.exports.fill import form_values
    from ikz_eval.delivery.template import filled_workbook
    from ikz_eval.registry import load_registry

    registry = load_registry()
    if ags not in set(registry.bodies["ags"]):
        raise DeliveryError(f"--ags: '{ags}' is no body of study {registry.study}")
    values = form_values(_reading(file, choice), quarter, registry.delivered_fields)
    path = output or Path(f"{ags}_{quarter}.xlsx")
    path.write_bytes(filled_workbook(registry, DeliveryContent(ags=ags, quarter=quarter, values=values)))
    click.echo(text("exports.fill.done", lang, path=path, number=len(values)))


def _contents(file: Path) -> "Contents":
    from ikz_eval.delivery.findings import Finding, Place, TextKey
    from ikz_eval.delivery.reading import Refusal, read_file

    contents = read_file(file.read_bytes(), file.name)
    if isinstance(contents, Refusal):
        finding = Finding(contents.rule, "reject_file", Place(file.name), TextKey(f"delivery.found.{contents.case}"))
        raise DeliveryError(finding.sentence("en"))
    return contents


def _layouts(choice: str | None) -> "Sequence[ExportLayout]":
    from ikz_eval.delivery.exports import export_layouts
    from ikz_eval.delivery.exports.layout import load_export_layout
    from ikz_eval.settings import place

    if choice is not None and choice.endswith(".toml"):
        return [load_export_layout(Path(choice))]
    known = export_layouts(place().study_folder / "layouts")
    if choice is None:
        return known
    chosen = [one for one in known if one.name == choice]
    if not chosen:
        raise DeliveryError(
            f"--layout: '{choice}' is no layout; allowed: {', '.join(one.name for one in known)}, or a .toml file"
        )
    return chosen


def _reading(file: Path, choice: str | None) -> "ExportReading":
    from ikz_eval.delivery.exports import read_export

    reading = read_export(_contents(file), _layouts(choice))
    if reading is None:
        raise DeliveryError(
            f"{file.name}: no layout knows this file; `ikz layout list` shows which there are, `ikz layout draft {file.name}` "
            "proposes one for it"
        )
    return reading


def _as_text(reading: "ExportReading", name: str, lang: str) -> str:
    """Return totals, control sums and faults in words."""
    from ikz_eval.delivery.exports.totals import totals_of

    totals = totals_of(reading)
    lines = [text("exports.read.head", lang, file=name, layout=reading.layout.name, encoding=reading.encoding or "-",
                  figures=number(len(reading.figures), lang))]  # fmt: skip
    for one in totals:
        what = " ".join(part for part in (one.region, one.product, one.product_name) if part)
        amount = number(one.amount, lang, 2)
        lines.append(f"{what[:52]:<52} {one.block:<20} {one.period:<14} {one.kind:<10} {amount:>20} {one.unit}")
    lines += [f"{key}  {value}" for key, value in reading.codes.items()]
    counts = {"controls": len(reading.controls), "differing": len(reading.differing)}
    lines.append(text("exports.read.controls", lang, **counts))
    for one_control in reading.differing:
        values = {"row": one_control.row, "heading": one_control.heading or str(one_control.column)}
        sums = {name: number(getattr(one_control, name), lang, 2) for name in ("stated", "recomputed", "difference")}
        lines.append(text("exports.read.differs", lang, **values, **sums))
    lines += [
        text("exports.read.fault", lang, row=fault.row, column=fault.heading or fault.column, found=fault.found)
        for fault in reading.faults[:50]
    ]
    if reading.unassigned:
        shown = "; ".join(reading.unassigned[:12])
        lines.append(text("exports.read.unassigned", lang, number=len(reading.unassigned), names=shown))
    return "\n".join(lines)


def _as_json(reading: "ExportReading") -> dict[str, object]:
    from ikz_eval.delivery.exports.totals import totals_of

    return {
        "layout": reading.layout.name,
        "encoding": reading.encoding,
        "figures": len(reading.figures),
        "totals": [
            {
                "region": one.region, "product": one.product, "product_name": one.product_name, "block": one.block,
                "period": one.period, "kind": one.kind, "unit": one.unit, "amount": str(one.amount),
            }
            for one in totals_of(reading)
        ],
        "controls": [
            {
                "name": one.name, "row": one.row, "heading": one.heading, "stated": str(one.stated),
                "recomputed": str(one.recomputed), "difference": str(one.difference),
            }
            for one in reading.controls
        ],
        "faults": [{"row": one.row, "column": one.column, "found": one.found} for one in reading.faults],
        "unassigned": reading.unassigned,
        "codes": reading.codes,
    }  # fmt: skip


def _as_csv(reading: "ExportReading") -> str:
    from ikz_eval.delivery.exports.totals import totals_of

    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(["region", "product", "product_name", "block", "period", "kind", "unit", "amount"])
    for one in totals_of(reading):
        row = [one.region, one.product, one.product_name, one.block, one.period, one.kind, one.unit, str(one.amount)]
        writer.writerow(row)
    return out.getvalue()
