"""Writes the generated pages: docs/tables.md from the contracts, docs/regeln.md from the rules, the calibration, the decisions.

``python -m docs.build`` writes them, ``--check`` fails when one is out of date. Pages written by hand do not belong here.
"""

import sys
from pathlib import Path

from docs.calibration_page import calibration_page
from ikz_eval.delivery.rules import rule_page
from ikz_eval.warehouse.typing import column_types
from schemas import CONTRACTS

FOLDER = Path(__file__).parent


def tables_page() -> str:
    """Return the page of all tables: what a row is, each column with type, unit and whether it may be empty."""
    parts = ["# Tables\n", "Generated from `schemas/` by `make docs`; in pipeline order.\n"]
    for name, model in CONTRACTS.items():
        parts.append(f"## {name}\n\n{(model.__doc__ or '').strip()}\n")
        schema = model.to_schema()
        if schema.unique:
            parts.append(f"Key: {', '.join(f'`{column}`' for column in schema.unique)}.\n")
        rows = ["| column | type | may be empty | meaning |", "|---|---|---|---|"]
        for column, kind in column_types(name).items():
            item = schema.columns[column]
            meaning = (item.description or "").replace("|", "\\|")
            rows.append(f"| `{column}` | {kind} | {'yes' if item.nullable else 'no'} | {meaning} |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def decisions_page() -> str:
    """Return the index of the decisions, a line each: number and title as they stand in its first line.

    Raises
    ------
    ValueError
        If a decision does not begin with its own number and a title.
    """
    lines = []
    for path in sorted((FOLDER / "decisions").glob("[0-9]*.md")):
        number, _, title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").partition(" ")
        if not path.name.startswith(f"{number}-") or not title:
            raise ValueError(f"docs/decisions/{path.name}: the first line must be '# {path.name[:4]} Title'")
        lines.append(f"- [{number}]({path.name}) {title}")
    return (
        "# Decisions\n\nHalf a page each for what a newcomer would question: what was decided, why, what else was looked at. "
        "Generated from\ntheir first lines by `make docs`.\n\n" + "\n".join(lines) + "\n"
    )


PAGES = {
    "tables.md": tables_page,
    "regeln.md": rule_page,
    "methods/calibration.md": calibration_page,
    "decisions/README.md": decisions_page,
}


def stale_pages() -> list[str]:
    """Return the names of generated pages that differ from what is in the checkout."""
    return [
        name
        for name, page in PAGES.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != page()
    ]


def main() -> None:
    """Write the pages, or with ``--check`` only compare."""
    stale = stale_pages()
    if "--check" in sys.argv:
        if stale:
            sys.exit(f"out of date: {', '.join('docs/' + name for name in stale)}; run `make docs`")
        return
    for name in stale:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
