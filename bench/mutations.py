"""Measures judging: good deliveries of the demonstration are falsified one way at a time.

Every falsified delivery is a whole file, judged beside what had arrived before it. Found means: a finding of at least a
question at the falsified number, its row or its row's total; how many are is the rate. ``make bench`` prints the table and writes it to
docs/judging.md; a small sample is a test of every day.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from ikz_eval.delivery.compare import compare
from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import Expected, expect
from ikz_eval.delivery.findings import Finding
from ikz_eval.delivery.history import History, Known
from ikz_eval.delivery.judge import judge
from ikz_eval.delivery.judgement import Judgement
from ikz_eval.delivery.layout import load_layout
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.quarters import quarter_shift
from ikz_eval.registry import Registry, load_registry
from ikz_eval.simulation import simulate
from ikz_eval.simulation.files import delivery_content
from schemas.vocabulary import COST_BLOCKS, SERVICE_INDICATORS

QUARTERS = 12
"""Three years, the latest of the demonstration: every delivery of theirs has earlier ones beside it."""
LEAST_RATIO = Decimal("1.2")
"""Swapped numbers differ by at least a fifth."""
PAGE = Path(__file__).parent.parent / "docs" / "judging.md"
MARKS = "<!-- rates: written by make bench -->\n", "<!-- end of rates -->\n"
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Good:
    """A good delivery: what it says, what had arrived before, whether it was corrected later, names of the fields."""

    content: DeliveryContent
    known: Known
    is_wrong: bool
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class Falsified:
    """A falsified delivery: what it says now, and which numbers were touched; none means the whole file."""

    content: DeliveryContent
    touched: tuple[Key, ...]
    edit: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Rate:
    """How many falsified deliveries of one kind were asked about."""

    kind: str
    tried: int
    found: int
    rules: Counter[str]

    @property
    def share(self) -> float:
        """Share found."""
        return self.found / self.tried if self.tried else 1.0


class Bench:
    """The demonstration's deliveries in order of arrival, and judging one of them falsified."""

    def __init__(self, registry: Registry, seed: int = 1) -> None:
        self.registry = registry
        self.expected: Expected = expect(registry)
        self.good = list(_replay(registry, self.expected, seed))

    def judged(self, one: Good, falsified: Falsified) -> Judgement:
        """Return the judgement of a falsified delivery, as the file its body sends, beside what was known then."""
        content = falsified.content
        if falsified.edit is str and int(content.ags[1:]) % 3 == 0:
            data, name = filled_workbook(self.registry, content), f"{content.ags}_{content.quarter}.xlsx"
        else:
            written = filled_csv(self.registry, content, "comma_utf8_bom").decode("utf-8-sig")
            data, name = falsified.edit(written).encode("utf-8-sig"), f"{content.ags}_{content.quarter}.csv"
        return compare(judge(data, name, self.expected), self.expected, _beside(one, content.quarter))


def _beside(one: Good, quarter: str) -> Known:
    """Return what was known beside a delivery, also when its cover names an earlier quarter."""
    if quarter == one.content.quarter:
        return one.known
    earlier = {known: values for known, values in one.known.own.items() if known < quarter}
    return Known(earlier, one.known.own.get(quarter))


def _replay(registry: Registry, expected: Expected, seed: int) -> Iterator[Good]:
    """Yield the deliveries of the last three years; earlier ones only become history."""
    programme = simulate(registry, seed=seed)
    arrivals, history = programme.arrivals, History(lambda bodies, first, last: ())
    first = programme.land.quarters[-QUARTERS]
    for delivery in sorted(range(len(arrivals.received_at)), key=lambda one: (arrivals.received_at[one], one)):
        content = delivery_content(programme, delivery)
        if content.quarter >= first:
            known = history.known(content.ags, content.quarter)
            yield Good(content, known, bool(arrivals.is_wrong[delivery]), expected.fields)
        history.put(content.ags, content.quarter, {key: Decimal(value) for key, value in content.values.items()})


def _numbers(content: DeliveryContent) -> list[Key]:
    """Return the numbers that are not 0: 0 times 1,000 is 0, and -0 is 0."""
    return [key for key, value in content.values.items() if Decimal(value) and key[0] != "control"]


def changed(content: DeliveryContent, values: dict[Key, Decimal]) -> DeliveryContent:
    """Return a delivery with other numbers; the total stays, as it comes from the body's own software."""
    return replace(content, values={**content.values, **{key: f"{value:f}" for key, value in values.items()}})


def _usual_decimals(key: Key, value: Decimal) -> Decimal:
    """Return a number rounded as people write it in its column."""
    decimals = {
        (column.table, column.item): column.kind.decimals for sheet in load_layout().sheets for column in sheet.columns
    }
    return value.quantize(Decimal(1).scaleb(-decimals[key[0], key[2]]), rounding=ROUND_HALF_UP)


def times_1000(good: Good, chance: random.Random) -> Falsified | None:
    """One number times 1,000."""
    return _one(good, chance, lambda value: value * 1000)


def divided_by_1000(good: Good, chance: random.Random) -> Falsified | None:
    """One number divided by 1,000 and rounded as its column is written."""
    return _one(good, chance, lambda value: value / 1000)


def sign(good: Good, chance: random.Random) -> Falsified | None:
    """One number with the other sign."""
    return _one(good, chance, lambda value: -value)


def _one(good: Good, chance: random.Random, change: Callable[[Decimal], Decimal]) -> Falsified | None:
    key = chance.choice(_numbers(good.content))
    value = _usual_decimals(key, change(Decimal(good.content.values[key])))
    return Falsified(changed(good.content, {key: value}), (key,))


def swapped(good: Good, chance: random.Random) -> Falsified | None:
    """Two columns of one row swapped; their numbers differ by a fifth or more."""
    table, items = chance.choice(
        (("cost", COST_BLOCKS), ("cost", COST_BLOCKS), ("service_quality", SERVICE_INDICATORS))
    )
    name = chance.choice(sorted({key[1] for key in good.content.values}))
    left, right = ((table, name, item) for item in chance.sample(items, 2))
    one, other = (Decimal(good.content.values[key]) for key in (left, right))
    if max(one, other) < LEAST_RATIO * min(one, other) or one == other:
        return None
    return Falsified(changed(good.content, {left: other, right: one}), (left, right))


def dropped(good: Good, chance: random.Random) -> Falsified | None:
    """One line of the CSV file is missing."""
    return _line_times(good, chance, 0)


def doubled(good: Good, chance: random.Random) -> Falsified | None:
    """One line of the CSV file stands there twice."""
    return _line_times(good, chance, 2)


def _line_times(good: Good, chance: random.Random, times: int) -> Falsified:
    key = chance.choice([key for key in good.content.values if key[0] != "control"])
    sheet, label = _label(key)
    start = f",{sheet},{good.names[key[1]]},{label},"

    def edit(written: str) -> str:
        lines = written.splitlines(keepends=True)
        assert sum(start in line for line in lines) == 1
        return "".join(line * (times if start in line else 1) for line in lines)

    return Falsified(good.content, (key,), edit)


def _label(key: Key) -> tuple[str, str]:
    """Return sheet and column of a number as the form prints them."""
    return next(
        (sheet.name, column.label)
        for sheet in load_layout().sheets
        for column in sheet.columns
        if (column.table, column.item) == (key[0], key[2])
    )


def earlier_quarter_again(good: Good, chance: random.Random) -> Falsified | None:
    """Send the quarter before again under this quarter's cover."""
    before = good.known.own.get(quarter_shift(good.content.quarter, -1))
    if before is None:
        return None
    return Falsified(replace(good.content, values={key: f"{value:f}" for key, value in before.items()}), ())


def cover_a_quarter_back(good: Good, chance: random.Random) -> Falsified | None:
    """Send this quarter under the cover of the quarter before, which has been delivered already."""
    return _under(good, -1) if good.known.own.get(quarter_shift(good.content.quarter, -1)) else None


def _under(good: Good, quarters: int) -> Falsified:
    return Falsified(replace(good.content, quarter=quarter_shift(good.content.quarter, quarters)), ())


def digits_of_a_total(good: Good, chance: random.Random) -> Falsified | None:
    """Two neighbouring digits of a total transposed."""
    return _transposed(good, chance, [key for key in good.content.values if key[0] == "control"])


def digits_of_an_amount(good: Good, chance: random.Random) -> Falsified | None:
    """Two neighbouring digits of a cost amount transposed."""
    keys = [key for key in _numbers(good.content) if key[2] in COST_BLOCKS[:7]]
    return _transposed(good, chance, keys)


def _transposed(good: Good, chance: random.Random, keys: list[Key]) -> Falsified | None:
    key = chance.choice(keys)
    digits = list(good.content.values[key])
    places = [
        at for at in range(len(digits) - 1) if (digits[at] + digits[at + 1]).isdigit() and digits[at] != digits[at + 1]
    ]
    if not places:
        return None
    at = chance.choice(places)
    digits[at], digits[at + 1] = digits[at + 1], digits[at]
    return Falsified(changed(good.content, {key: Decimal("".join(digits))}), (key,))


def sheet_in_thousands(good: Good, chance: random.Random) -> Falsified | None:
    """All amounts of the cost sheet in thousands of EUR, totals too."""
    keys = [key for key in good.content.values if key[0] in ("cost", "control") and Decimal(good.content.values[key])]
    values = {key: _usual_decimals(key, Decimal(good.content.values[key]) / 1000) for key in keys}
    return Falsified(changed(good.content, values), tuple(keys))


KINDS: tuple[Callable[[Good, random.Random], Falsified | None], ...] = (
    times_1000, divided_by_1000, sign, swapped, dropped, doubled, earlier_quarter_again, cover_a_quarter_back,
    digits_of_a_total, digits_of_an_amount, sheet_in_thousands,
)  # fmt: skip
REQUIRED = ("times_1000", "divided_by_1000", "sign", "swapped", "dropped", "doubled")
"""Kinds of which at least 99 % must be found."""


def rate(bench: Bench, kind: Callable[[Good, random.Random], Falsified | None], tries: int, seed: int = 0) -> Rate:
    """Falsify ``tries`` good deliveries one way and count those asked about at the falsified place."""
    chance = random.Random(f"{kind.__name__} {seed}")
    good = [one for one in bench.good if not one.is_wrong]
    rules: Counter[str] = Counter()
    found = tried = 0
    while tried < tries:
        one = chance.choice(good)
        falsified = kind(one, chance)
        if falsified is None:
            continue
        tried += 1
        judgement = bench.judged(one, falsified)
        hit = [f.rule for f in judgement.findings if f.severity != "note" and _is_there(f, falsified, one.names)]
        found += bool(hit)
        rules.update(hit[:1])
    return Rate(kind.__name__, tried, found, rules)


def _is_there(found: Finding, falsified: Falsified, names: dict[str, str]) -> bool:
    """Whether a finding stands at a falsified number, its row or its row's total; or is about the quarter."""
    place = found.place
    if not falsified.touched:
        return found.rule in ("K58", "K59")
    for key in falsified.touched:
        sheet, label = _label(key)
        row = load_layout().sheets[0].header_row + 1 + list(names).index(key[1])
        if place.sheet != sheet or (place.row is not None and "," not in (place.label or "") and place.row != row):
            continue
        labels = (label, "Summe der Kosten") if key[0] == "cost" else (label,)
        said = (*labels, *(f"{names[key[1]]}, {one}" for one in labels))
        if place.label is None or place.label in said:
            return True
    return False


def false_alarms(bench: Bench) -> tuple[int, int, Counter[str], int, int]:
    """Return deliveries and questions among good ones, the rules that asked, and the same for corrected ones."""
    rules: Counter[str] = Counter()
    asked, counts = Counter(), Counter()  # type: Counter[bool], Counter[bool]
    for one in bench.good:
        judgement = bench.judged(one, Falsified(one.content, ()))
        questions = [found.rule for found in judgement.findings if found.severity != "note"]
        counts[one.is_wrong] += 1
        asked[one.is_wrong] += len(questions)
        rules.update(questions if not one.is_wrong else [])
    return counts[False], asked[False], rules, counts[True], asked[True]


def table(bench: Bench, tries: int) -> str:
    """Return the table of kinds and rates, and the count of questions without cause, as Markdown."""
    rows = ["| falsified | files | asked about | share | by rule |", "|---|---|---|---|---|"]
    for kind in KINDS:
        one = rate(bench, kind, tries)
        rules = ", ".join(f"{rule} {count}" for rule, count in one.rules.most_common(5))
        title = (kind.__doc__ or "").rstrip(".")
        rows.append(f"| {title} | {one.tried} | {one.found} | {100 * one.share:.1f} % | {rules} |")
    good, questions, by_rule, corrected, asked = false_alarms(bench)
    named = f" ({', '.join(f'{number} {count}' for number, count in by_rule.most_common())})" if by_rule else ""
    rows.append(f"\nGood deliveries of three years: {good}; questions about them: {questions}{named}.")
    rows.append(f"First versions with one wrong digit, corrected later: {corrected}; questions about them: {asked}.")
    return "\n".join(rows) + "\n"


def main(tries: int = 1000) -> None:
    """Print the table and write it to docs/judging.md."""
    written = table(Bench(load_registry("demonstration")), tries)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(before + MARKS[0] + written + MARKS[1] + after, encoding="utf-8", newline="\n")
    print(written)


if __name__ == "__main__":
    main()
