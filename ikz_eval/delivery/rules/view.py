"""A delivery's numbers as the plausibility rules see them: by meaning, with the place of each and what is known besides.

Rules ask about a number through :meth:`View.ask`, which also marks it: later rules leave a number alone that has been
asked about, so that one fault gives one finding. The rules stand in plausibility.py, series.py and peers.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding, Place, Word
from ikz_eval.delivery.history import Known
from ikz_eval.delivery.judgement import Cell
from ikz_eval.delivery.layout import Layout, load_layout
from ikz_eval.delivery.rules.agreements import comparable_quarters
from ikz_eval.delivery.rules.registry import finding
from schemas.vocabulary import RUNNING_COST_BLOCKS, SEVERITIES

Key = tuple[str, str, str]
"""(table, field, item) of a number."""
ASKING = SEVERITIES[: SEVERITIES.index("question") + 1]


@dataclass(slots=True)
class View:
    """One delivery beside what is expected and known.

    Attributes
    ----------
    file_name, edition : str
        Name of the file and edition of its form.
    ags, quarter : str
        Body and quarter; empty when unknown.
    expected : Expected
        What the study expects.
    known : Known
        What had been delivered before.
    cells : dict of Key to Cell
        Every number with its address.
    asked : set of Key
        Numbers that a finding asks about already.
    """

    file_name: str
    edition: str
    ags: str
    quarter: str
    expected: Expected
    known: Known
    cells: dict[Key, Cell]
    asked: set[Key] = field(default_factory=set)
    numbers: dict[Key, Decimal] = field(default_factory=dict)
    _series: dict[Key, dict[str, float]] = field(default_factory=dict)
    _comparable: dict[str, list[str]] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """The form's layout."""
        return load_layout(self.edition)

    def limit(self, name: str) -> Decimal | None:
        """Return a limit of the study, None when the study states none."""
        return self.expected.thresholds.get(f"delivery_{name}")

    def get(self, table: str, name: str, item: str) -> Decimal | None:
        """Return a number, None when it was not delivered."""
        return self.numbers.get((table, name, item))

    def running(self, name: str) -> Decimal:
        """Return the running cost of a field [EUR]."""
        return running_cost(self.numbers, name)

    def is_free(self, *keys: Key) -> bool:
        """Whether all these numbers were delivered and none has been asked about."""
        return all(key in self.numbers and key not in self.asked for key in keys)

    def own(self, key: Key, *, is_comparable: bool = False) -> list[float]:
        """Return the body's earlier values of a number, latest first; or only those since the last agreement change."""
        if key not in self._series:
            quarters = sorted(self.known.own, reverse=True)
            self._series[key] = {q: float(self.known.own[q][key]) for q in quarters if key in self.known.own[q]}
        series = self._series[key]
        return [series[q] for q in self.comparable(key[1]) if q in series] if is_comparable else list(series.values())

    def comparable(self, name: str) -> list[str]:
        """Return earlier quarters of the body, latest first, between which and now no agreement of a field changed."""
        if name not in self._comparable:
            known = sorted(self.known.own, reverse=True)
            self._comparable[name] = comparable_quarters(self.expected, self.ags, name, self.quarter, known)
        return self._comparable[name]

    def is_usual(self, key: Key, within: float = 1.5) -> bool:
        """Whether the body's latest earlier value was much the same, so that it has been asked about before."""
        earlier, now = self.own(key)[:1], float(self.numbers[key])
        return bool(earlier) and earlier[0] * now > 0 and 1 / within <= now / earlier[0] <= within

    def place(self, key: Key) -> Place:
        """Return the place of a number, labelled as the form prints it."""
        cell = self.cells[key]
        column = next(c for sheet in self.layout.sheets for c in sheet.columns if (c.table, c.item) == (key[0], key[2]))
        is_csv = cell.column == self.layout.csv_headers[6]
        label = f"{self.expected.fields[key[1]]}, {column.label}" if is_csv else column.label
        return Place(self.file_name, cell.sheet, cell.row, cell.column, label)

    def ask(self, rule: str, keys: Sequence[Key], found: Word | None = None, **values: Word) -> Finding:
        """Return a finding at the first number, and mark all of them as asked about."""
        self.asked.update(keys)
        return finding(rule, self.place(keys[0]), self.numbers[keys[0]] if found is None else found, **values)

    def ask_together(self, rule: str, keys: Sequence[Key], whole: Iterable[Key], **values: Word) -> Iterator[Finding]:
        """Yield one finding a number; or one a row, or one a sheet, when all of its numbers (``whole``) share the fault."""
        rest, everything = set(keys), set(whole)
        for group in _by(everything, lambda key: (self.cells[key].sheet, "")) + _by(
            everything, lambda key: (self.cells[key].sheet, key[1])
        ):
            if len(group) >= 3 and group <= rest:
                rest -= group
                yield self._ask_group(rule, group, values)
        yield from (self.ask(rule, [key], **values) for key in keys if key in rest)

    def _ask_group(self, rule: str, group: set[Key], values: dict[str, Word]) -> Finding:
        self.asked.update(group)
        cells = [self.cells[key] for key in group]
        rows = {cell.row for cell in cells}
        place = Place(self.file_name, cells[0].sheet, rows.pop() if len(rows) == 1 else None)
        example = max(group, key=lambda key: abs(self.numbers[key]))
        return finding(rule, place, self.numbers[example], **values)


def view_of(
    file_name: str,
    edition: str,
    address: tuple[str | None, str | None],
    cells: Iterable[Cell],
    expected: Expected,
    *,
    known: Known | None = None,
    findings: Iterable[Finding] = (),
) -> View:
    """Return the view of a delivery; numbers at places with a finding that at least asks count as asked about."""
    by_key = {(c.table, c.field, c.item): c for c in cells if c.table != "remark" and c.field is not None}
    ags, quarter = (part or "" for part in address)
    view = View(file_name, edition, ags, quarter, expected, known or Known(), by_key)
    view.numbers.update({key: Decimal(cell.value) for key, cell in by_key.items()})
    places = {(f.place.sheet, f.place.row, f.place.column) for f in findings if f.severity in ASKING}
    view.asked.update(key for key, cell in by_key.items() if (cell.sheet, cell.row, cell.column) in places)
    return view


def running_cost(numbers: Mapping[Key, Decimal], name: str) -> Decimal:
    """Return the running cost of a field among numbers [EUR]."""
    return sum((numbers.get(("cost", name, block), Decimal(0)) for block in RUNNING_COST_BLOCKS), Decimal(0))


def typical(values: Sequence[float]) -> float:
    """Return the median of the values that are not zero, 0 when there is none."""
    present = [abs(value) for value in values if value]
    return median(present) if present else 0.0


def _by(keys: Iterable[Key], name: Callable[[Key], tuple[str, str]]) -> list[set[Key]]:
    groups: dict[tuple[str, str], set[Key]] = {}
    for key in sorted(keys):
        groups.setdefault(name(key), set()).add(key)
    return list(groups.values())
