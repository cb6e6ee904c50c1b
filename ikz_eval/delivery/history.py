"""What had been delivered before: the values a new delivery is compared with.

Holds :class:`Known` and the :class:`History` that gathers it from the ledger, quarter by quarter, once per process. What
is odd beside it is judged in compare.py and rules/.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ikz_eval.delivery.judgement import Judgement
from ikz_eval.quarters import quarter_shift

QUARTERS_BACK = 8
"""Earlier quarters of the body itself that a delivery is compared with: two years, so that every season is there twice."""

Values = Mapping[tuple[str, str, str], Decimal]
"""Numbers of one delivery by (table, field, item)."""
LedgerRow = tuple[str, str, str, str | None, str, str]
"""AGS, quarter, table, field, item and value of one cell of the latest accepted delivery."""
LatestValues = Callable[[tuple[str, ...] | None, str, str], Iterable[LedgerRow]]
"""(bodies or None for all, first quarter, last quarter) -> cells of the latest accepted, not withdrawn deliveries."""


@dataclass(frozen=True, slots=True)
class Known:
    """What had been delivered before a file arrived.

    Attributes
    ----------
    own : dict of str to Values
        Quarter -> the body's values, for up to eight quarters before the delivered one.
    previous : Values or None
        The body's values of the same quarter, when it had been delivered already.
    others : dict of (ags, quarter) to Values
        Values of other bodies in the delivered quarter and the one before.
    """

    own: Mapping[str, Values] = field(default_factory=dict)
    previous: Values | None = None
    others: Mapping[tuple[str, str], Values] = field(default_factory=dict)


class History:
    """Deliveries of one study as they arrive; asked for what was known before each.

    Made afresh for every ingestion. It keeps one set of values per body and quarter, so it is as large as the study,
    not as the ledger.

    Parameters
    ----------
    latest_values : callable
        Reads the ledger, see :data:`LatestValues`.
    """

    def __init__(self, latest_values: LatestValues) -> None:
        self._read = latest_values
        self._quarters: dict[str, dict[str, Values]] = {}
        self._own: dict[tuple[str, str], Values | None] = {}

    def known(self, ags: str, quarter: str) -> Known:
        """Return what had been delivered before a file of this body and quarter."""
        before = [quarter_shift(quarter, -back) for back in range(1, QUARTERS_BACK + 1)]
        others = {
            (other, one): values
            for one in (quarter, before[0])
            for other, values in self._of(one).items()
            if other != ags
        }
        return Known(self._own_of(ags, before), self._of(quarter).get(ags), others)

    def add(self, judgement: Judgement) -> None:
        """Take in a delivery that has just been judged; only an accepted one counts."""
        if judgement.status == "accepted" and judgement.ags is not None and judgement.quarter is not None:
            self.put(judgement.ags, judgement.quarter, values_of(judgement))

    def put(self, ags: str, quarter: str, values: Values) -> None:
        """Take in the values of a delivery."""
        self._of(quarter)[ags] = values

    def _own_of(self, ags: str, quarters: Sequence[str]) -> dict[str, Values]:
        """Return one body's values; quarters that nobody asked for as a whole are read for this body alone."""
        unread = [one for one in quarters if one not in self._quarters and (ags, one) not in self._own]
        if unread:
            read = gather(self._read((ags,), min(unread), max(unread)))
            self._own |= {(ags, one): read.get(one, {}).get(ags) for one in unread}
        own = {one: self._quarters[one].get(ags) if one in self._quarters else self._own[ags, one] for one in quarters}
        return {one: values for one, values in own.items() if values is not None}

    def _of(self, quarter: str) -> dict[str, Values]:
        if quarter not in self._quarters:
            self._quarters[quarter] = gather(self._read(None, quarter, quarter)).get(quarter, {})
        return self._quarters[quarter]


def known_for(latest_values: LatestValues, ags: str, quarter: str) -> Known:
    """Return what is known for one delivery; for many, keep one :class:`History`."""
    return History(latest_values).known(ags, quarter)


def gather(rows: Iterable[LedgerRow]) -> dict[str, dict[str, Values]]:
    """Return ledger rows by quarter and body; remarks are left out."""
    gathered: dict[str, dict[str, dict[tuple[str, str, str], Decimal]]] = {}
    for ags, quarter, table, name, item, value in rows:
        if table != "remark" and name is not None:
            gathered.setdefault(quarter, {}).setdefault(ags, {})[table, name, item] = Decimal(value)
    return {quarter: dict(bodies) for quarter, bodies in gathered.items()}


def values_of(judgement: Judgement) -> Values:
    """Return the numbers of a judgement by table, field and item."""
    return {
        (cell.table, cell.field, cell.item): Decimal(cell.value)
        for cell in judgement.cells
        if cell.table != "remark" and cell.field is not None
    }
