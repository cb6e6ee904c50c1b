"""The command ``ikz template``: the official form of a body for a quarter, prefilled with what is known.

It reads arguments, asks study and ledger, and writes the file. What the form looks like belongs to ikz_eval/delivery.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ikz_eval.errors import DeliveryError
from ikz_eval.texts import text

if TYPE_CHECKING:
    from ikz_eval.delivery.expectation import Expected
    from ikz_eval.delivery.history import Values


@click.command()
@click.option("--body", required=True, help="AGS of the body, e.g. 07131.")
@click.option("--quarter", required=True, help="Quarter to be delivered, e.g. 2025-Q4.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; default <AGS>_<quarter>.xlsx (or .csv) in the current folder.",
)
@click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
@click.option("--empty", "is_empty", is_flag=True, help="Leave out what the body delivered before.")
def template(body: str, quarter: str, output: Path | None, form: str, is_empty: bool) -> None:
    """Write the official form of a body for a quarter, as a workbook (prefilled) or as CSV."""
    from ikz_eval.delivery.csv_form import empty_csv
    from ikz_eval.delivery.expectation import expect
    from ikz_eval.delivery.template import empty_workbook
    from ikz_eval.registry import load_registry

    registry = load_registry()
    expected = expect(registry)
    _check_address(expected, body, quarter)
    if form == "csv":
        data = empty_csv(registry, body, quarter)
    else:
        data = empty_workbook(expected, body, quarter, {} if is_empty else _earlier(body, quarter))
    path = output or Path(f"{body}_{quarter}.{form}")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise DeliveryError(
            f"{path}: cannot be written ({error.strerror}); choose another place with --output"
        ) from error
    click.echo(text("delivery.check.form_written", path=path))


def _check_address(expected: "Expected", body: str, quarter: str) -> None:
    """Check that the study collects this quarter from this body.

    Raises
    ------
    DeliveryError
        If not; names what is allowed.
    """
    from ikz_eval.quarters import quarter_range

    if body not in expected.bodies:
        raise DeliveryError(
            f"--body: '{body}' is no body of study {expected.study}; allowed: {', '.join(sorted(expected.bodies))}"
        )
    if quarter not in quarter_range(expected.first_quarter, expected.last_quarter):
        raise DeliveryError(
            f"--quarter: '{quarter}' is not collected in study {expected.study}; allowed: "
            f"{expected.first_quarter} to {expected.last_quarter}"
        )


def _earlier(body: str, quarter: str) -> "dict[str, Values]":
    """Return what the ledger holds of the body for the quarters before, the last one first."""
    from ikz_eval.delivery.history import QUARTERS_BACK, gather
    from ikz_eval.quarters import quarter_shift
    from ikz_eval.settings import place
    from ikz_eval.warehouse import Warehouse

    first, last = quarter_shift(quarter, -QUARTERS_BACK), quarter_shift(quarter, -1)
    ledger = Warehouse(place().warehouse, read_only=True).ledger
    found = gather(ledger.latest_values((body,), first, last))
    return {one: found[one][body] for one in sorted(found, reverse=True)}
