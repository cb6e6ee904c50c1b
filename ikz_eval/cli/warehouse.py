"""Commands that read, copy and bring back the warehouse: show, sql, backup, restore."""

from pathlib import Path

import click


@click.command()
@click.argument("table")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Rows shown; 0 shows all.")
@click.option("--format", "style", type=click.Choice(["table", "csv"]), default="table", show_default=True)
def show(table: str, limit: int, style: str) -> None:
    """Show the warehouse table TABLE, for example `ikz show estimate`."""
    from ikz_eval.warehouse.typing import contract

    contract(table)
    _print(f'SELECT * FROM "{table}"' + (f" LIMIT {limit}" if limit else ""), style, needs=table)


@click.command()
@click.argument("statement")
@click.option("--format", "style", type=click.Choice(["table", "csv"]), default="table", show_default=True)
def sql(statement: str, style: str) -> None:
    """Ask the warehouse in SQL (read only), for example `ikz sql "SELECT count(*) FROM cost"`."""
    _print(statement, style)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write deliveries, tables and releases of the study into one tar FILE."""
    from ikz_eval.settings import place
    from ikz_eval.warehouse.backup import backup as write_backup

    click.echo(f"{write_backup(place(), file)} files of study '{place().study}' saved in {file}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Bring a backup FILE back; the study's data folder must be empty."""
    from ikz_eval.settings import place
    from ikz_eval.warehouse.backup import restore as bring_back

    click.echo(f"{bring_back(place(), file)} files of study '{place().study}' restored and checked")


def _print(statement: str, style: str, needs: str | None = None) -> None:
    from ikz_eval.errors import WarehouseError
    from ikz_eval.settings import place
    from ikz_eval.warehouse import Warehouse
    from ikz_eval.warehouse.query import query

    warehouse = Warehouse(place().warehouse, read_only=True)
    if needs and not warehouse.exists(needs):
        raise WarehouseError(f"table '{needs}' has no data yet for study '{place().study}'; run `make evaluate` first")
    frame = query(warehouse, statement)
    if style == "csv":
        click.echo(frame.to_csv(index=False), nl=False)
    else:
        click.echo(frame.to_string(index=False, na_rep="") if len(frame) else "(no rows)")
