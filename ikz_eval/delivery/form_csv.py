"""The form in a CSV file: from lines to a :class:`Form`, by the layout of its edition.

A label the form does not have is reported once and rejects, and what it may explain is not reported as missing. Rules
about lines are rules/csv.py, about values rules/value.py.
"""

from dataclasses import dataclass, field

from ikz_eval.delivery.csv_lines import Line, read_lines
from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding, Place
from ikz_eval.delivery.form import CoverValue, Entry, Form, canonical_ags, canonical_quarter, label_words, read_text
from ikz_eval.delivery.layout import Column, SheetLayout, editions, load_layout
from ikz_eval.delivery.rules import csv as csv_rules
from ikz_eval.delivery.rules import file as file_rules
from ikz_eval.delivery.rules import structure
from ikz_eval.texts import text


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the file, by the official columns."""

    line: int
    form: str
    ags: str
    quarter: str
    sheet: str
    task: str
    item: str
    value: str
    unit: str

    @property
    def label(self) -> str:
        """Task and item, as a person would name the value."""
        return f"{self.task}, {self.item}" if self.task else self.item


@dataclass(slots=True)
class _Reader:
    """The form being filled, and the lines that could not be placed."""

    form: Form
    expected: Expected
    strangers: list[Record] = field(default_factory=list)
    reported: set[str] = field(default_factory=set)

    def place(self, record: Record, column: str) -> Place:
        return Place(self.form.file_name, record.sheet or None, record.line, column, record.label)

    def report_stranger(self, record: Record, label: str, finding: Finding) -> None:
        """Keep a line that cannot be placed; its wrong label is reported the first time only."""
        self.strangers.append(record)
        if label not in self.reported:
            self.reported.add(label)
            self.form.findings.append(finding)


def read_csv(written: str, file_name: str, expected: Expected) -> Form | Finding:
    """Return the filled-in form, or the finding that it is not the official form as CSV.

    Parameters
    ----------
    written : str
        The file's text.
    file_name : str
        Name of the file, for the places of findings.
    expected : Expected
        What the study expects.
    """
    headers = load_layout().csv_headers
    lines = read_lines(written, headers)
    if lines is None:
        return file_rules.k03_edition_is_known(Place(file_name), None)
    if not lines:
        return file_rules.k01_file_is_readable(Place(file_name), "empty")
    edition = lines[0][1][0].split(" ")[0]
    if edition not in editions():
        return file_rules.k03_edition_is_known(Place(file_name, None, lines[0][0], headers[0]), edition)
    records = [_record(line) for line in lines]
    reader = _Reader(_empty_form(records[0], edition, file_name), expected)
    good, torn = [], []
    for (_, row), record in zip(lines, records, strict=True):
        if len(row) in (len(headers), len(headers) - 1):
            good.append(record)
        else:
            torn.append((record, len(row)))
    reader.form.findings += csv_rules.contradicting_lines([records[0], *good], file_name, headers)
    for at, (record, width) in enumerate(torn):
        found = csv_rules.k33_line_has_all_columns(Place(file_name, None, record.line), width, len(headers))
        reader.report_stranger(record, f"line {min(at, structure.MOST_UNKNOWN)}", found)
    _place_records(reader, good)
    return reader.form


def _record(line: Line) -> Record:
    number, row = line
    return Record(number, *([*row, *[""] * 8])[:8])


def _empty_form(first: Record, edition: str, file_name: str) -> Form:
    """Return the form with its cover, which every line repeats and the first one states."""
    layout = load_layout(edition)
    written = {"edition": edition, "ags": canonical_ags(first.ags), "quarter": canonical_quarter(first.quarter)}
    headers = dict(zip(("edition", "ags", "quarter"), layout.csv_headers, strict=False))
    cover = {key: CoverValue(value, Place(file_name, None, first.line, headers[key])) for key, value in written.items()}
    return Form(layout, file_name, cover, is_marked_invented=text("delivery.mark.invented") in first.form)


def _place_records(reader: _Reader, records: list[Record]) -> None:
    """Give every line to its sheet; remarks are kept as text."""
    layout = reader.form.layout
    sheets = {label_words(sheet.name): sheet for sheet in layout.sheets}
    by_sheet: dict[str, list[Record]] = {sheet.name: [] for sheet in layout.sheets}
    for record in records:
        sheet = sheets.get(label_words(record.sheet))
        if sheet is not None:
            by_sheet[sheet.name].append(record)
        elif label_words(record.sheet) == label_words(layout.remarks.sheet):
            if record.value:
                place = reader.place(record, layout.csv_headers[6])
                reader.form.remarks.append(CoverValue(record.value, place))
        else:
            found = structure.k11_sheet_is_there(
                reader.place(record, layout.csv_headers[3]), record.sheet, ", ".join(by_sheet)
            )
            reader.report_stranger(record, f"sheet {label_words(record.sheet)}", found)
    for sheet in layout.sheets:
        _read_sheet(reader, sheet, by_sheet[sheet.name])


def _read_sheet(reader: _Reader, sheet: SheetLayout, records: list[Record]) -> None:
    """Add the entries of one sheet, then what is missing in it."""
    headers = reader.form.layout.csv_headers
    tasks = {label_words(name): key for key, name in reader.expected.fields.items()}
    items = {label_words(column.label): column for column in sheet.columns}
    seen: set[tuple[str, str]] = set()
    for record in records:
        task, column = tasks.get(label_words(record.task)), items.get(label_words(record.item))
        if task is None:
            allowed = ", ".join(reader.expected.fields.values())
            found = structure.k16_row_is_there(reader.place(record, headers[4]), record.task, allowed)
            reader.report_stranger(record, f"{sheet.name} task {label_words(record.task)}", found)
        elif column is None:
            allowed = ", ".join(known.label for known in sheet.columns)
            found = structure.k14_column_is_there(reader.place(record, headers[5]), record.item, allowed)
            reader.report_stranger(record, f"{sheet.name} item {label_words(record.item)}", found)
        elif (task, column.item) in seen:
            place = reader.place(record, headers[6])
            reader.form.findings.append(structure.k18_row_is_there_once(place, record.label))
        else:
            seen.add((task, column.item))
            _add_entry(reader, sheet, task, column, record)
    reader.form.findings += _missing(reader, sheet, seen)


def _add_entry(reader: _Reader, sheet: SheetLayout, task: str, column: Column, record: Record) -> None:
    headers = reader.form.layout.csv_headers
    if label_words(record.unit) != label_words(column.unit):
        place = reader.place(record, headers[7])
        reader.form.findings.append(csv_rules.k35_unit_is_the_forms(place, record.unit, column.unit))
        return
    place = reader.place(record, headers[6])
    reader.form.entries.append(Entry(column.table, task, column, place, read_text(record.value, column)))


def _missing(reader: _Reader, sheet: SheetLayout, seen: set[tuple[str, str]]) -> list[Finding]:
    """Return what is missing in a sheet, as few findings as say it: the sheet, a field, a position, one value."""
    file_name, fields = reader.form.file_name, reader.expected.fields
    columns = [column for column in sheet.columns if not column.controls]
    gaps = [
        (task, column)
        for task in fields
        for column in columns
        if (task, column.item) not in seen and not _is_explained(reader, sheet, fields[task], column)
    ]
    if len(gaps) == len(fields) * len(columns):
        return [structure.k11_sheet_is_there(Place(file_name, sheet.name), None, sheet.name)]
    findings, place = [], Place(file_name, sheet.name)
    tasks = [task for task in fields if sum(gap[0] == task for gap in gaps) == len(columns)]
    findings += [structure.k16_row_is_there(place, None, fields[task]) for task in tasks]
    items = [column for column in columns if sum(gap[1] is column for gap in gaps) == len(fields)]
    findings += [structure.k14_column_is_there(place, None, column.label) for column in items]
    for task, column in gaps:
        if task not in tasks and column not in items:
            label = f"{fields[task]}, {column.label}"
            where = Place(file_name, sheet.name, None, reader.form.layout.csv_headers[6], label)
            findings.append(csv_rules.missing_value(where, column))
    return findings


def _is_explained(reader: _Reader, sheet: SheetLayout, name: str, column: Column) -> bool:
    """Whether a line that could not be placed may hold this value: all its known labels agree."""
    official = (sheet.name, name, column.label)
    known = (
        {label_words(known.name) for known in reader.form.layout.sheets},
        {label_words(known) for known in reader.expected.fields.values()},
        {label_words(known.label) for known in sheet.columns},
    )
    for record in reader.strangers:
        labels = (record.sheet, record.task, record.item)
        if all(
            label_words(label) == label_words(right) or label_words(label) not in words
            for label, right, words in zip(labels, official, known, strict=True)
        ):
            return True
    return False
