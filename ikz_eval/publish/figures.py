"""Every published figure as SVG, made from published cells alone; and how a notebook shows figures and tables.

``draw`` picks the tables F1, F2, F3, T10, RC and DF out of the cells and returns the text of each figure; the same cells give the
same bytes. ``picture`` and ``table`` show what a release holds in a notebook. What a figure looks like stands in the
module named after it; nothing is computed here that is not published.
"""

from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

import pandas as pd

from ikz_eval.publish.calendar_chart import draw_calendar
from ikz_eval.publish.cells import wide
from ikz_eval.publish.columns import TABLES
from ikz_eval.publish.cost_chart import draw_cost
from ikz_eval.publish.csv_tables import MARK, NOTES
from ikz_eval.publish.display import Words
from ikz_eval.publish.event_path_chart import draw_event_path
from ikz_eval.publish.forest_chart import draw_forest
from ikz_eval.publish.mark import mark
from ikz_eval.publish.power_chart import SAVINGS, draw_power
from ikz_eval.publish.sentences import lacking_here
from ikz_eval.publish.svg import Drawing, render
from ikz_eval.registry import Registry
from ikz_eval.texts import text


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A figure of a release; a notebook shows it as a picture.

    Attributes
    ----------
    name : str
        Name of the file without ending.
    svg : str
        Text of the SVG file; empty says that the release has no such figure.
    """

    name: str
    svg: str

    def __repr__(self) -> str:
        title = self.svg.partition("<title")[2].partition(">")[2].partition("</title>")[0]
        return unescape(title) or text("figures.notebook.no_figure", "de", name=self.name)

    def _repr_svg_(self) -> str | None:
        return self.svg or None


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """A published table in words; a notebook shows it as a table.

    Attributes
    ----------
    frame : pd.DataFrame
        Texts as people read them, headings as column names; empty says that there are no values.
    lang : str
        ``de`` or ``en``.
    """

    frame: pd.DataFrame
    lang: str

    def __repr__(self) -> str:
        return self.frame.to_string(index=False) if len(self.frame) else text("publish.page.no_rows", self.lang)

    def _repr_html_(self) -> str:
        if self.frame.empty:
            return f"<p>{text('publish.page.no_rows', self.lang)}</p>"
        return self.frame.to_html(index=False, border=0, classes="cells")


def picture(file: str | Path) -> Picture:
    """Return the figure in ``file``, or an empty picture when the release has no such figure."""
    path = Path(file)
    return Picture(path.stem, path.read_text(encoding="utf-8") if path.is_file() else "")


@dataclass(frozen=True, slots=True, repr=False)
class Remark:
    """A sentence a notebook shows as text; empty shows nothing."""

    sentence: str

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return f"<p><strong>{escape(self.sentence)}</strong></p>" if self.sentence else ""


def lacking(file: str | Path, lang: str = "de") -> Remark:
    """Return the sentence that says whose deliveries are missing, from table F3 of a release."""
    return Remark(lacking_here(pd.read_csv(file, dtype="str"), lang))


def table(rows: pd.DataFrame, name: str, registry: Registry, lang: str = "de") -> Table:
    """Return rows of a released CSV file as people read them.

    Parameters
    ----------
    rows : pd.DataFrame
        Rows and columns to show, texts as in ``tables/<name>.csv``; the columns ``mark`` and ``notes`` and rows
        without any value are left out, columns the table does not have are shown as they are.
    name : str
        ``T1`` … ``PF``.
    registry : Registry
        Names of bodies, regions and fields.
    lang : str
        ``de`` or ``en``.
    """
    words = Words(registry, lang)
    known = {column.key: column for column in TABLES[name]}
    values = rows.drop(columns=[MARK, NOTES], errors="ignore").dropna(how="all")
    shown = {}
    for key in values.columns:
        if key not in known:
            shown[str(key)] = values[key].astype("str").fillna("").tolist()
            continue
        column = known[key]
        unit = words.unit(column)
        heading = f"{words.heading(column)} [{unit}]" if unit else words.heading(column)
        shown[heading] = [words.show(value, column) for value in values[key]]
    return Table(pd.DataFrame(shown), lang)


def draw(cells: pd.DataFrame, registry: Registry, lang: str = "de") -> dict[str, str]:
    """Draw every figure the cells allow.

    Parameters
    ----------
    cells : pd.DataFrame
        Contract ``published_cell``, one evaluation quarter.
    registry : Registry
        Names of fields, regions and blocks; whether the study is invented.
    lang : str
        ``de`` or ``en``.

    Returns
    -------
    dict of str to str
        File name without ending -> SVG text: ``lieferkalender``, ``wirkungen``, ``aussagekraft``,
        ``fallkosten_<field>``, ``ereignispfad_<field>``. A figure without any value is left out.
    """
    units = dict(zip(registry.regions["unit"], registry.regions["name"], strict=True))
    names = dict(zip(registry.fields["field"], registry.fields[f"name_{lang}"], strict=True))
    drawings: dict[str, Drawing | None] = {}
    calendar = wide(cells, "F3")
    if not calendar.empty:
        drawings["lieferkalender"] = draw_calendar(calendar, units, lang)
    drawings["wirkungen"] = draw_forest(*_effects(cells), names, lang)
    powers = (f"power_{saving}_percent" for saving in SAVINGS)
    drawings["aussagekraft"] = draw_power(_numbers(wide(cells, "PW"), "noise_percent", "fields", *powers), lang)
    for field, rows in _numbers(wide(cells, "F1"), "real_gross_cost_per_case_eur").groupby("field", sort=False):
        drawings[f"fallkosten_{field}"] = draw_cost(
            rows, names.get(str(field), str(field)), units, registry.price_base, lang
        )
    for field, rows in _event_paths(cells).groupby("field", sort=False):
        drawings[f"ereignispfad_{field}"] = draw_event_path(rows, names.get(str(field), str(field)), lang)
    return {
        stem: render(drawing, stem, mark(registry, lang), lang)
        for stem, drawing in drawings.items()
        if drawing is not None
    }


def _effects(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the primary row of each field, the effects of single regions, and the averages of the fields."""
    ends = ("effect_percent", "low_percent", "high_percent")
    rows, averages = (_numbers(wide(cells, table), *ends) for table in ("T10", "DF"))
    card = _numbers(wide(cells, "RC"), "effect_percent")
    primary = rows[(rows["is_primary"] == "true") & (rows["term"] == "ATT")]
    return primary, card[card["check"] == "region_effect"], averages


def _event_paths(cells: pd.DataFrame) -> pd.DataFrame:
    percents = ("estimate_percent", "low_percent", "high_percent")
    paths = _numbers(wide(cells, "F2"), "bin_quarters", "event_time", "treated_regions", *percents)
    return paths.assign(is_reference=paths["is_reference"] == "true")


def _numbers(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return rows.assign(**{column: pd.to_numeric(rows[column]) for column in columns})
