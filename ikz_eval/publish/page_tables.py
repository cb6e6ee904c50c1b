"""The tables of the page: which columns a reader sees, how rows are grouped, which notes stand below.

A page table shows the same values as tables/*.csv with fewer columns; nothing is left out but repetition. The look
stands in templates/, the words in ikz_eval/texts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from ikz_eval.publish.cells import notes, wide
from ikz_eval.publish.columns import P_VALUES, TABLES, Column
from ikz_eval.publish.display import Words
from ikz_eval.texts import text

_ON_PAGE = {
    "T1": ("name", "ags", "unit", "due", "on_time", "late", "rejected", "missing"),
    "T2": (
        "cost_block", "nominal_before_eur", "nominal_after_eur", "real_before_eur", "real_after_eur",
        "real_change_percent",
    ),
    "T3": (
        "unit", "level", "quarters_before", "quarters_after", "real_cost_per_case_before_eur",
        "real_cost_per_case_after_eur", "change_percent", "cases_per_fte_before", "cases_per_fte_after",
    ),
    "T10": (
        "specification", "level", "method", "effect_percent", "low_percent", "high_percent",
        "effect_eur_per_case", "low_eur_per_case", "high_eur_per_case", "mde_cr2_percent", "verdict",
    ),
    "RC": ("check", "part", "effect_percent", "low_percent", "high_percent", "p_value", "n_units"),
    "PS": ("block", "region", "start", "effect_percent"),
    "BE": (
        "unit", "further_method", "effect_percent", "rank", "rank_of", "attainable_p", "fit_before_percent", "n_units",
        "warnings",
    ),
    "WI": (
        "family", "further_method", "further_part", "effect_percent", "low_percent", "high_percent", "p_value", "p_adjusted",
        "warnings",
    ),
    "DF": ("fields_averaged", "fields_left_out", "effect_percent", "low_percent", "high_percent", "p_value"),
    "tests": (
        "fields_averaged", "judgement", "size_a_percent", "size_b_percent", "size_c_percent", "size_d_percent",
        "coverage_percent", "power_percent",
    ),
    "SK": ("size_cases", "elasticity", "elasticity_low", "elasticity_high", "p_value", "n_units", "warnings"),
    "CA": (
        "inference", "judgement", "size_a_percent", "size_b_percent", "size_c_percent", "size_d_percent",
        "coverage_percent", "power_percent", "mc_error_percent",
    ),
    "PW": (
        "design", "fields", "noise_percent", "icc", "autocorrelation", "noise_source", "starts", "power_5_percent",
        "power_10_percent", "power_20_percent", "mde_cr2_percent", "mde_supported_one_percent", "mde_supported_percent",
    ),
    "parts": ("term", "level", "specification", "method", "effect_percent", "effect_eur_per_case"),
    "PF": (
        "measure", "base_label", "base_value", "joint_label", "joint_value", "difference", "difference_percent",
        "conclusion", "reason", "source",
    ),
    "RG": ("name", "unit", "start", "start_earliest", "start_latest", "agreement_status", "source"),
    "RS": ("series", "first", "last", "values", "source"),
}  # fmt: skip
"""Columns of each table as the page shows them; the first one heads its row."""
_DESIGN_ROWS = (
    "treated_regions", "comparison_blocks", "quarters_before", "quarters_after", "leverage_share_max_percent",
    "attainable_p_wild", "attainable_p_randomisation", "assignments", "is_randomisation_approximate",
    "mde_cr2_percent", "mde_supported_percent", "rows_not_positive", "missing_tests", *P_VALUES, "verdict",
    "reasons",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageCell:
    """One cell: its words, the letter of its note, whether it is a number."""

    words: str
    is_number: bool
    letter: str = ""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row: its cells, and whether it stands out (totals, primary rows)."""

    cells: tuple[PageCell, ...]
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class PageTable:
    """One table of the page.

    Attributes
    ----------
    caption : str
        What it shows.
    headings : tuple of (str, str, bool)
        Heading, unit (empty when none), whether the column holds numbers.
    groups : tuple of (str, tuple of PageRow)
        Rows under a heading of their own; the heading is empty when there is only one group.
    notes : tuple of (str, str)
        Letter and words.
    """

    caption: str
    headings: tuple[tuple[str, str, bool], ...]
    groups: tuple[tuple[str, tuple[PageRow, ...]], ...]
    notes: tuple[tuple[str, str], ...]


class PageTables:
    """Builds the tables of one page from published cells.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``published_cell``, one evaluation quarter.
    words : Words
        Language and names.
    """

    def __init__(self, cells: pd.DataFrame, words: Words) -> None:
        self._cells, self._words = cells, words
        self._joined = cache(self._join)  # a page asks for the same table once a field

    def completeness(self) -> PageTable:
        """Return T1, participants before comparison bodies."""
        table = self._joined("T1")
        table = table.assign(name=table["name"].where(table["name"].notna(), table["group"].map(self._total)))
        is_strong = table["ags"].isna()
        labels = table["group"].map(lambda group: self._text(f"group.{group}"))
        return self._table("T1", table, self._text("table.T1"), labels, is_strong)

    def cost_blocks(self, field: str) -> PageTable:
        """Return T2 of one field, a group per region."""
        table = self._of_field("T2", field)
        labels = table.apply(self._region_with_windows, axis=1) if len(table) else table["unit"]
        return self._table("T2", table, self._caption("T2", field), labels, table["cost_block"] == "running_total")

    def cost_per_case(self, field: str) -> PageTable:
        """Return the rows of T3 of one field for the partnerships."""
        table = self._of_field("T3", field)
        table = table[table["level"] == "partnership"]
        return self._table("T3", table, self._caption("T3", field), None, _nowhere(table))

    def cost_per_case_of_bodies(self, field: str) -> PageTable:
        """Return the other rows of T3 of one field: single bodies and their means."""
        table = self._of_field("T3", field)
        table = table[table["level"] != "partnership"]
        caption = self._text("page.bodies_caption", field=self._words.field(field))
        return self._table("T3", table, caption, None, table["level"] != "body")

    def effects(self, field: str) -> PageTable:
        """Return the whole effects of T10 of one field on the partnership, by the primary specification."""
        table = self._whole(field)
        table = table[_is_main(table)]
        return self._table("T10", table, self._caption("T10", field), None, table["is_primary"] == "true")

    def further(self, field: str) -> PageTable:
        """Return the other whole effects of T10 of one field: further specifications, and the level of bodies."""
        table = self._whole(field)
        table = table[~_is_main(table)]
        caption = self._text("page.further_caption", field=self._words.field(field))
        return self._table("T10", table, caption, None, table["is_primary"] == "true")

    def parts(self, field: str) -> PageTable:
        """Return the parts of the effects of T10 of one field, by region or body."""
        table = self._of_field("T10", field)
        table = table[table["term"] != "ATT"]
        caption = self._text("page.parts_caption", field=self._words.field(field))
        return self._table("parts", table, caption, None, _nowhere(table))

    def robustness(self, field: str) -> PageTable:
        """Return RC of one field."""
        table = self._of_field("RC", field)
        return self._table("RC", table, self._caption("RC", field), None, _nowhere(table))

    def placebos(self, field: str) -> PageTable:
        """Return PS of one field."""
        table = self._of_field("PS", field)
        return self._table("PS", table, self._caption("PS", field), None, _nowhere(table))

    def further_instruments(self, table: str, field: str) -> PageTable:
        """Return BE, WI or SK of one field."""
        rows = self._of_field(table, field)
        return self._table(table, rows, self._caption(table, field), None, _nowhere(rows))

    def calibration(self, field: str) -> PageTable:
        """Return CA of one field."""
        table = self._of_field("CA", field)
        return self._table("CA", table, self._caption("CA", field), None, table["judgement"] == "primary")

    def power(self) -> PageTable:
        """Return PW."""
        table = self._joined("PW")
        return self._table("PW", table, self._text("table.PW"), None, table["design"] == "base")

    def has_primary(self, field: str) -> bool:
        """Return whether the calibration leaves a field any primary inference."""
        return bool((self._of_field("CA", field)["judgement"] == "primary").any())

    def cases(self) -> PageTable:
        """Return PF, a group per published case."""
        table = self._joined("PF")
        return self._table("PF", table, self._text("table.PF"), table["case"], _nowhere(table))

    def register(self) -> PageTable:
        """Return RG, a group per field."""
        table = self._joined("RG")
        return self._table("RG", table, self._text("table.RG"), table["field"].map(self._words.field), _nowhere(table))

    def ungrouped(self, table: str) -> PageTable:
        """Return DF or RS."""
        rows = self._joined(table)
        return self._table(table, rows, self._text(f"table.{table}"), None, _nowhere(rows))

    def average_tests(self) -> PageTable:
        """Return what DF says of the tests of the averages."""
        rows = self._joined("DF")
        return self._table("tests", rows, self._text("table.CA"), None, _nowhere(rows))

    def design(self) -> PageTable:
        """Return the design card, a column per field."""
        cards, columns = wide(self._cells, "DC"), {column.key: column for column in TABLES["DC"]}
        headings = [("", "", False), *((self._words.field(field), "", False) for field in cards["field"])]
        rows = []
        for key in _DESIGN_ROWS:
            column = columns[key]
            name = " ".join(filter(None, (self._words.heading(column), self._in_brackets(column))))
            shown = (PageCell(self._shown(value, column), False) for value in cards[key])
            rows.append(PageRow((PageCell(name, False), *shown), key == "verdict"))
        return PageTable(self._text("table.DC"), tuple(headings), (("", tuple(rows)),), ())

    def _whole(self, field: str) -> pd.DataFrame:
        table = self._of_field("T10", field)
        return table[table["term"] == "ATT"]

    def _text(self, key: str, **values: object) -> str:
        return text(f"publish.{key}", self._words.lang, **values)

    def _total(self, group: str) -> str:
        return self._text(f"group_total.{group}")

    def _caption(self, table: str, field: str) -> str:
        return f"{self._text(f'table.{table}')}: {self._words.field(field)}"

    def _in_brackets(self, column: Column) -> str:
        unit = self._words.unit(column)
        return f"[{unit}]" if unit else ""

    def _region_with_windows(self, row: Mapping[str, str]) -> str:
        region = self._words.show(row["unit"], Column("unit", "unit"))
        return self._text("page.windows", unit=region, before=row["quarters_before"], after=row["quarters_after"])

    def _join(self, table: str) -> pd.DataFrame:
        """Return the wide table with the keys of its notes beside it, as ``<column>/note``."""
        return wide(self._cells, table).join(notes(self._cells, table).add_suffix("/note"))

    def _of_field(self, table: str, field: str) -> pd.DataFrame:
        joined = self._joined(table)
        return joined[joined["field"] == field]

    def _shown(self, value: object, column: Column) -> str:
        shown = self._words.show(value, column)
        return shown or (self._text("page.none") if _is_right(column) else "")

    def _table(
        self, look: str, table: pd.DataFrame, caption: str, labels: pd.Series | None, is_strong: pd.Series
    ) -> PageTable:
        source = {"parts": "T10", "tests": "DF"}.get(look, look)
        known = {column.key: column for column in TABLES[source]}
        columns = [known[key] for key in _ON_PAGE[look]]
        used: list[str] = []
        rows = [
            PageRow(tuple(self._row_cells(row, columns, used)), bool(strong))
            for row, strong in zip(table.to_dict("records"), is_strong, strict=True)
        ]
        named = [""] * len(rows) if labels is None else list(labels)
        return PageTable(
            caption,
            tuple((self._words.heading(c), self._words.unit(c), _is_right(c)) for c in columns),
            tuple(
                (label, tuple(rows[i] for i, own in enumerate(named) if own == label)) for label in dict.fromkeys(named)
            ),
            tuple((chr(ord("a") + i), self._words.note(key)) for i, key in enumerate(used)),
        )

    def _row_cells(self, row: Mapping[object, object], columns: list[Column], used: list[str]) -> Iterator[PageCell]:
        for column in columns:
            note = row.get(f"{column.key}/note")
            if not isinstance(note, str):
                yield PageCell(self._shown(row[column.key], column), _is_right(column))
                continue
            if note not in used:
                used.append(note)
            yield PageCell(self._text("page.none"), _is_right(column), chr(ord("a") + used.index(note)))


def _nowhere(table: pd.DataFrame) -> pd.Series:
    """Return False for every row: none stands out."""
    return pd.Series(False, index=table.index)


def _is_main(table: pd.DataFrame) -> pd.Series:
    """Flag the rows of T10 a reader needs first: the partnership by the specification of the primary row."""
    primary = set(table.loc[table["is_primary"] == "true", "specification"])
    return table["specification"].isin(primary) & (table["level"] == "partnership")


def _is_right(column: Column) -> bool:
    return column.is_number or column.kind == "as_printed"
