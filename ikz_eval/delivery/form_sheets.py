"""The form in a workbook: from sheets with cells to a :class:`Form`, by the layout of its edition.

Sheets, columns and rows are found by their label, so that a moved column is still read and a renamed one is reported
once. Rules about structure are called here, rules about values in judge.py.
"""

from collections.abc import Callable, Iterator

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding, Place
from ikz_eval.delivery.form import (
    CoverValue,
    Entry,
    Form,
    LabelMatch,
    canonical_ags,
    canonical_quarter,
    label_words,
    match_labels,
    read_cell,
)
from ikz_eval.delivery.layout import Column, Layout, SheetLayout, column_index, column_letter, editions, load_layout
from ikz_eval.delivery.reading.contents import Range, Sheet
from ikz_eval.delivery.rules import file as file_rules
from ikz_eval.delivery.rules import reading as reading_rules
from ikz_eval.delivery.rules import structure
from ikz_eval.texts import text

_CANONICAL: dict[str, Callable[[str], str]] = {"ags": canonical_ags, "quarter": canonical_quarter}


def read_sheets(sheets: tuple[Sheet, ...], file_name: str, expected: Expected) -> Form | Finding:
    """Return the filled-in form, or the finding that it is not the official form.

    Parameters
    ----------
    sheets : tuple of Sheet
        From :func:`ikz_eval.delivery.reading.read_file`.
    file_name : str
        Name of the file, for the places of findings.
    expected : Expected
        What the study expects.
    """
    layout = load_layout()
    cover = _cover(sheets, layout, file_name)
    if cover is None:
        return file_rules.k03_edition_is_known(Place(file_name), None)
    edition = cover["edition"]
    if edition.text not in editions():
        return file_rules.k03_edition_is_known(edition.place, edition.text)
    layout = load_layout(edition.text)
    form = Form(layout, file_name, cover, _is_marked(sheets, layout))
    own = {label_words(name) for name in layout.side_sheets}
    sheets = tuple(sheet for sheet in sheets if label_words(sheet.name) not in own)
    match = match_labels(list(enumerate(layout.sheet_names)), [(i, sheet.name) for i, sheet in enumerate(sheets)])
    form.findings += structure.sheet_findings(match, file_name)
    for sheet_layout in layout.sheets:
        if sheet_layout.name in match.positions:
            _read_table(form, sheets[match.positions[sheet_layout.name]], sheet_layout, expected)
    if layout.remarks.sheet in match.positions:
        form.remarks += _remarks(sheets[match.positions[layout.remarks.sheet]], layout, file_name)
    return form


def _cover(sheets: tuple[Sheet, ...], layout: Layout, file_name: str) -> dict[str, CoverValue] | None:
    """Return the cover's values by key; None when no sheet is a cover."""
    cover = layout.cover
    sheet = next((sheet for sheet in sheets if label_words(sheet.name) == label_words(cover.sheet)), None)
    if sheet is None:
        return None
    label_column, value_column = column_index(cover.label_column), column_index(cover.value_column)
    rows = {
        label_words(cell.value): row
        for (row, column), cell in sheet.cells.items()
        if column == label_column and isinstance(cell.value, str)
    }
    values = {}
    for entry in cover.entries:
        row = rows.get(label_words(entry.label), entry.row)
        place = Place(file_name, sheet.name, row, cover.value_column, entry.label)
        written = sheet.text(row, value_column)
        values[entry.key] = CoverValue(_CANONICAL.get(entry.key, str)(written), place)
    return values


def _is_marked(sheets: tuple[Sheet, ...], layout: Layout) -> bool:
    mark = text("delivery.mark.invented")
    return any(sheet.text(layout.mark_row, 1) == mark for sheet in sheets)


def _read_table(form: Form, sheet: Sheet, layout: SheetLayout, expected: Expected) -> None:
    """Add the entries of one sheet, and the findings about its columns and rows."""
    header = _header_row(sheet, layout)
    columns = match_labels(
        [(1, layout.row_label), *((column.index, column.heading) for column in layout.columns)],
        [(at, str(cell.value)) for (row, at), cell in sorted(sheet.cells.items()) if row == header],
    )
    form.findings += structure.column_findings(columns, form.file_name, sheet.name, layout, header)
    label_column = _label_column(sheet, layout, expected, columns, header)
    if header is None or label_column is None:  # said already: without labels no row can be told
        return
    place = Place(form.file_name, sheet.name)
    about_sheet = (
        reading_rules.k49_table_is_in_its_place(place, header, layout.header_row),
        reading_rules.k41_nothing_is_hidden(place, sheet),
    )
    form.findings += [found for found in about_sheet if found is not None]
    rows = _match_rows(sheet, expected, header, label_column)
    form.findings += structure.row_findings(rows, form.file_name, sheet.name, layout)
    _add_entries(form, sheet, layout, expected, columns, rows)


def _add_entries(
    form: Form, sheet: Sheet, layout: SheetLayout, expected: Expected, columns: LabelMatch, rows: LabelMatch
) -> None:
    """Add the values that have a row and a column; merged ones are reported once and not read."""
    reported: set[Range] = set()
    for field, name in expected.fields.items():
        if name not in rows.positions:
            continue
        for column in layout.columns:
            if column.heading not in columns.positions:
                continue
            address = (rows.positions[name], columns.positions[column.heading])
            merged = _merged(sheet, address)
            if merged is None:
                form.entries.append(_entry(form.file_name, sheet, field, column, address))
            elif merged not in reported:
                reported.add(merged)
                place = Place(form.file_name, sheet.name, address[0], column_letter(address[1]), column.label)
                form.findings.append(reading_rules.k42_inputs_are_not_merged(place, merged))


def _merged(sheet: Sheet, address: tuple[int, int]) -> Range | None:
    row, column = address
    return next((r for r in sheet.merged if r[0] <= row <= r[2] and r[1] <= column <= r[3]), None)


def _header_row(sheet: Sheet, layout: SheetLayout) -> int | None:
    """Return the row with the most headings of the form, the form's own among equals; None when no row has any."""
    wanted = {label_words(layout.row_label), *(label_words(column.heading) for column in layout.columns)}
    hits: dict[int, int] = {}
    for (row, _), cell in sheet.cells.items():
        if isinstance(cell.value, str) and label_words(cell.value) in wanted:
            hits[row] = hits.get(row, 0) + 1
    return max(hits, key=lambda row: (hits[row], row == layout.header_row, -row), default=None)


def _label_column(
    sheet: Sheet, layout: SheetLayout, expected: Expected, columns: LabelMatch, header: int | None
) -> int | None:
    """Return the column that holds the fields' names: by its heading, else by the names themselves."""
    if layout.row_label in columns.positions:
        return columns.positions[layout.row_label]
    names = {label_words(name) for name in expected.fields.values()}
    hits = [
        at for (row, at), cell in sheet.cells.items() if row > (header or 0) and label_words(str(cell.value)) in names
    ]
    return max(set(hits), key=lambda at: (hits.count(at), -at)) if hits else None


def _match_rows(sheet: Sheet, expected: Expected, header: int, label_column: int) -> LabelMatch:
    """Match the fields with the rows below the header; a row with values but no label counts as unknown."""
    first = header + 1
    filled = {row for row, _ in sheet.cells if row >= first}
    labels = [(row, sheet.text(row, label_column)) for row in sorted(filled)]
    return match_labels(list(enumerate(expected.fields.values(), first)), labels)


def _entry(file_name: str, sheet: Sheet, field: str, column: Column, address: tuple[int, int]) -> Entry:
    place = Place(file_name, sheet.name, address[0], column_letter(address[1]), column.label)
    return Entry(column.table, field, column, place, read_cell(sheet.cells.get(address), column))


def _remarks(sheet: Sheet, layout: Layout, file_name: str) -> Iterator[CoverValue]:
    column = column_index(layout.remarks.column)
    for (row, at), cell in sorted(sheet.cells.items()):
        written = "" if cell.value is None else str(cell.value).strip()
        if at == column and row > layout.remarks.header_row and written:
            yield CoverValue(written, Place(file_name, sheet.name, row, layout.remarks.column, layout.remarks.label))
