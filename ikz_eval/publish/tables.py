"""The one place where evaluation tables become published cells.

Each ``tables_*`` module computes the rows of its tables; this one names which table is made from what. Nothing leaves
the house but these cells. Disclosure control will stand between the rows and the cells; until it exists every release
of a real study is marked internal (see mark.py).
"""

from collections.abc import Callable, Mapping

import pandas as pd

from ikz_eval.publish.cells import Row, cells_of, notes, wide
from ikz_eval.publish.columns import TABLES
from ikz_eval.publish.tables_calibration import calibration
from ikz_eval.publish.tables_completeness import completeness, delivery_calendar
from ikz_eval.publish.tables_cost import cost_blocks, cost_over_time, cost_per_case
from ikz_eval.publish.tables_effect import design_cards, effects, event_paths, published_cases
from ikz_eval.publish.tables_further import averages, descriptions, further, scale
from ikz_eval.publish.tables_power import power
from ikz_eval.publish.tables_registry import agreements, reference_series
from ikz_eval.publish.tables_robustness import placebos, robustness
from ikz_eval.registry import Registry

__all__ = ["build_cells", "notes", "wide"]

Tables = Mapping[str, pd.DataFrame]

_ROWS: dict[str, Callable[[Registry, Tables, str], list[Row]]] = {
    "T1": lambda registry, tables, quarter: completeness(registry, tables["delivery_calendar"]),
    "T2": lambda registry, tables, quarter: cost_blocks(registry, tables["panel"], tables["partnership"]),
    "T3": lambda registry, tables, quarter: cost_per_case(registry, tables["panel"], tables["partnership"]),
    "T10": lambda registry, tables, quarter: effects(registry, tables["estimate"], tables["verdict"]),
    "RC": lambda registry, tables, quarter: robustness(registry, tables["robustness"]),
    "PS": lambda registry, tables, quarter: placebos(registry, tables["placebo"]),
    "BE": lambda registry, tables, quarter: descriptions(registry, tables["further_estimate"]),
    "WI": lambda registry, tables, quarter: further(registry, tables["further_estimate"]),
    "DF": lambda registry, tables, quarter: averages(registry, tables["further_estimate"], quarter),
    "SK": lambda registry, tables, quarter: scale(registry, tables["further_estimate"]),
    "CA": lambda registry, tables, quarter: calibration(registry, quarter),
    "PW": lambda registry, tables, quarter: power(registry, quarter),
    "DC": lambda registry, tables, quarter: design_cards(registry, tables["design_card"], tables["verdict"]),
    "F1": lambda registry, tables, quarter: cost_over_time(registry, tables["partnership"]),
    "F2": lambda registry, tables, quarter: event_paths(registry, tables["event_path"]),
    "F3": lambda registry, tables, quarter: delivery_calendar(registry, tables["delivery_calendar"]),
    "PF": lambda registry, tables, quarter: published_cases(tables["published_case"]),
    "RG": lambda registry, tables, quarter: agreements(registry, quarter),
    "RS": lambda registry, tables, quarter: reference_series(registry, quarter),
}


def build_cells(registry: Registry, evaluation_quarter: str, tables: Tables) -> pd.DataFrame:
    """Return every cell that is published of one evaluation quarter.

    Parameters
    ----------
    registry : Registry
        The study; gives order and names.
    evaluation_quarter : str
        Rows of other evaluation quarters are left out.
    tables : mapping of str to pd.DataFrame
        ``delivery_calendar``, ``panel``, ``partnership``, ``estimate``, ``event_path``, ``design_card``, ``verdict``,
        ``placebo``, ``robustness``, ``further_estimate``, ``published_case`` by their contracts; empty tables are allowed.

    Returns
    -------
    pd.DataFrame
        Contract ``published_cell``.
    """
    mine = {name: of_quarter(frame, evaluation_quarter) for name, frame in tables.items()}
    parts = [cells_of(evaluation_quarter, table, _ROWS[table](registry, mine, evaluation_quarter)) for table in TABLES]
    return pd.concat(parts, ignore_index=True)


def of_quarter(frame: pd.DataFrame, evaluation_quarter: str) -> pd.DataFrame:
    """Return the rows of one evaluation quarter; a table without that column belongs to every one."""
    if "evaluation_quarter" not in frame.columns:
        return frame
    return frame[frame["evaluation_quarter"] == evaluation_quarter]
