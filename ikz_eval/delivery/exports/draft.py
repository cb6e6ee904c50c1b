"""A layout for a file nobody knows yet: proposed from its first lines, with what was understood and what to check.

A proposal only; a person reads it, fills in what it marks and keeps it in the study's ``layouts/``.
"""

import re
from dataclasses import dataclass

from ikz_eval.delivery.exports.lines import Row, rows_of, text_rows
from ikz_eval.delivery.exports.numbers import export_number
from ikz_eval.delivery.reading import Contents

_SAMPLE = 400
_ROLE_WORDS: tuple[tuple[str, str], ...] = (
    ("product_name", r"produktbezeichnung|bezeichnung des produkts|produkttext|leistungstext"),
    ("product", r"produkt|produktnr.*|produktnummer|objektnr.*|kostenträger|kostenstelle|profitcenter|leistung|psp.*"),
    ("account_name", r"kontobezeichnung|kontotext|.*beschreibung|kostenartentext|kontenbezeichnung"),
    ("account", r"konto|kontonr.*|kontonummer|kostenart|sachkonto|finanzposition"),
    ("direction", r"budgetrichtung|ertrag/aufwand|e/a|budget direction|art"),
    ("kind", r"amount kind|betragsart|wertart"),
    ("period", r"haushaltsjahr|jahr|date|quartal|periode|monat"),
    ("area", r"fachbereich|dezernat|teilhaushalt"),
)  # fmt: skip
_PERIOD = re.compile(r"(?:19|20)\d{2}")
_QUARTER = re.compile(r"Q[1-4]\s?/?\s?(?:19|20)\d{2}|[1-4]\.\s?Quartal\s?(?:19|20)\d{2}|(?:19|20)\d{2}-?Q[1-4]")
_KINDS = (("actual", ("ist", "ergebnis", "actual", "rechnung")), ("plan", ("plan", "ansatz", "soll", "budget")))


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed layout.

    Attributes
    ----------
    toml : str
        The file to write.
    understood : tuple of (str, str)
        What was understood: key of the texts and its value.
    open_points : tuple of str
        Keys of the texts that say what a person must decide; empty when the proposal can be used as it is.
    """

    toml: str
    understood: tuple[tuple[str, str], ...]
    open_points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the first lines show: headings, positions of roles, values and balances, decimal mark, sign, rows."""

    headings: list[str]
    roles: dict[str, int]
    values: list[int]
    balances: list[int]
    decimal: str
    sign: str | None
    body: list[list[str]]


def draft_layout(contents: Contents, file_name: str) -> Draft | None:
    """Propose a layout; None when the file has no rows with numbers under a heading.

    Parameters
    ----------
    contents : Contents
        The file as read.
    file_name : str
        For the title.
    """
    separator = _separator(contents)
    everything = text_rows(contents.text, separator) if contents.text else rows_of(contents, separator)
    rows = everything[:_SAMPLE]
    place = _header_place(rows)
    if place is None:
        return None
    headings, body = rows[place][1], [cells for _, cells in rows[place + 1 :] if any(cells)]
    roles, values = _roles(headings), _value_columns(headings, body)
    for position in values:
        roles = {role: at for role, at in roles.items() if at != position}
    decimal = _decimal(body, values)
    sign = _sign(headings, body, roles, values, decimal)
    balances = [at for at in values if "saldo" in headings[at - 1].casefold()]
    seen = _Seen(headings, roles, [at for at in values if at not in balances], balances, decimal, sign, body)
    has_total = any(_is_total(cells, roles, values) for _, cells in everything[place + 1 :])
    return _written(contents, file_name, separator, rows[place][0], seen, has_total=has_total)


def _separator(contents: Contents) -> str:
    """Return the separator that splits most of the first lines."""
    lines = (contents.text or "").splitlines()[:60]
    return max(";\t|,", key=lambda mark: (sum(line.count(mark) > 1 for line in lines), -",|\t;".index(mark)))


def _header_place(rows: list[Row]) -> int | None:
    """Return the place of the last row of headings: words in most cells, numbers below."""
    for place in range(min(len(rows) - 1, 15)):
        cells, below = rows[place][1], rows[place + 1][1]
        is_words = sum(bool(cell) and not _is_number(cell) for cell in cells) >= max(2, len(cells) // 2)
        if is_words and len(set(filter(None, cells))) > 1 and any(_is_number(cell) for cell in below):
            return place
    return None


def _is_number(cell: str) -> bool:
    return any(export_number(cell, mark) is not None for mark in ",.")


def _roles(headings: list[str]) -> dict[str, int]:
    """Return the columns whose heading names a role."""
    roles: dict[str, int] = {}
    for role, pattern in _ROLE_WORDS:
        for position, heading in enumerate(headings, start=1):
            if (
                role not in roles
                and position not in roles.values()
                and re.fullmatch(pattern, heading.strip().casefold())
            ):
                roles[role] = position
    return roles


def _value_columns(headings: list[str], body: list[list[str]]) -> list[int]:
    """Return the columns of amounts: their heading names a period or an amount, and numbers stand below."""
    named = ("betrag", "ansatz", "amount", "wert", "summe", "saldo")
    found = []
    for position, heading in enumerate(headings, start=1):
        cells = [row[position - 1] for row in body if position <= len(row) and row[position - 1]]
        is_numeric = len(cells) > 0 and sum(map(_is_number, cells)) >= 0.8 * len(cells)
        if is_numeric and (_PERIOD.search(heading) or any(word in heading.casefold() for word in named)):
            found.append(position)
    return found


def _decimal(body: list[list[str]], values: list[int]) -> str:
    """Return the decimal mark that the amounts show; a comma when they are whole."""
    cells = [row[at - 1] for row in body for at in values if at <= len(row)]
    points = sum(bool(re.search(r"\d\.\d{1,2}$", cell)) for cell in cells)
    commas = sum(bool(re.search(r"\d,\d{1,2}$", cell)) for cell in cells)
    return "." if points > commas else ","


def _sign(
    headings: list[str], body: list[list[str]], roles: dict[str, int], values: list[int], decimal: str
) -> str | None:
    """Return the convention the amounts show; None when they do not."""
    if "direction" in roles:
        return "direction"
    if any("aufwend" in headings[at - 1].casefold() for at in values):
        spent = [
            row[at - 1] for row in body for at in values if "aufwend" in headings[at - 1].casefold() and at <= len(row)
        ]
        return "expense_negative" if _mostly_negative(spent, decimal) else None
    if "account" in roles:
        at_account = roles["account"] - 1
        came_in = [row[at - 1] for row in body for at in values if at <= len(row) and row[at_account].startswith("4")]
        return ("revenue_negative" if _mostly_negative(came_in, decimal) else None) if came_in else None
    return None


def _mostly_negative(cells: list[str], decimal: str) -> bool:
    numbers = [number for cell in cells if (number := export_number(cell, decimal))]
    return bool(numbers) and sum(number < 0 for number in numbers) > len(numbers) / 2


def _is_total(cells: list[str], roles: dict[str, int], values: list[int]) -> bool:
    """Whether a row has amounts but neither product nor account."""
    keys = [roles[role] for role in ("product", "account") if role in roles]
    has_amount = any(at <= len(cells) and _is_number(cells[at - 1]) for at in values)
    return bool(keys) and has_amount and not any(at <= len(cells) and cells[at - 1] for at in keys)


def _written(
    contents: Contents, file_name: str, separator: str, header_line: int, seen: _Seen, *, has_total: bool
) -> Draft:
    """Return the proposal as TOML, with what was understood and what is open."""
    headings, roles = seen.headings, seen.roles
    by_number = "account" in roles and any(re.match(r"[4-7]\d{3}", cell) for cell in _cells(seen, roles["account"]))
    encoding = (contents.encoding or "utf-8").removesuffix("-sig")
    named = dict.fromkeys(headings[at - 1] for at in [*roles.values(), *seen.values] if headings[at - 1])
    lines = [
        f"title = {_quoted(f'Export wie {file_name}')}",
        'kind = "finance"',
        f"recognise = [{', '.join(map(_quoted, named))}]",
        f'encoding = "{encoding}"',
        f"separator = {_quoted(separator)}",
        f'decimal = "{seen.decimal}"',
        f"header_rows = {header_line}",
        f'sign = "{seen.sign or "as_written"}"',
        *(['classification = "kontenrahmen"'] if by_number else []),
        *_tables(seen, has_total=has_total),
    ]
    has_blocks = by_number or any("aufw" in headings[at - 1].casefold() for at in seen.values)
    is_open = {
        "product": "product" not in roles,
        "account": not has_blocks,
        "sign": seen.sign is None,
        "values": not seen.values,
        "period": not _has_period(headings, roles, seen.values),
    }
    understood = (
        ("encoding", encoding),
        ("separator", {"\t": "Tabulator"}.get(separator, separator)),
        ("header", str(header_line)),
        ("decimal", seen.decimal),
        ("sign", seen.sign or "as_written"),
        ("columns", ", ".join(f"{role}: {headings[at - 1]}" for role, at in roles.items())),
        ("values", ", ".join(headings[at - 1] for at in seen.values)),
    )
    return Draft("\n".join(lines) + "\n", understood, tuple(name for name, open_ in is_open.items() if open_))


def _tables(seen: _Seen, *, has_total: bool) -> list[str]:
    """Return the tables of the TOML file: columns, words, values and controls."""
    headings, roles = seen.headings, seen.roles
    lines = ["", "[columns]", *(f"{role} = {_quoted(headings[at - 1])}" for role, at in roles.items())]
    if "direction" in roles:
        lines += ["", "[direction]", *_directions(sorted({*_cells(seen, roles["direction"])} - {""}))]
    if "kind" in roles:
        words = sorted({*_cells(seen, roles["kind"])} - {""})
        lines += ["", "[kinds]", *(f"{_quoted(word)} = {_quoted(_kind(word) or word)}" for word in words)]
    for at in seen.values:
        lines += ["", "[[value]]", *_value_lines(headings[at - 1], "kind" in roles)]
    for at in seen.balances:
        parts = [headings[part - 1] for part in (at - 2, at - 1) if part in seen.values]
        if len(parts) == 2:
            lines += ["", "[[row_total]]", f"column = {_quoted(headings[at - 1])}"]
            lines.append(f"of = [{', '.join(map(_quoted, parts))}]")
    if has_total:
        keys = ", ".join(_quoted(role) for role in ("product", "account") if role in roles)
        lines += ["", "[[subtotal]]", 'name = "Summe"', f"empty = [{keys}]"]
    return lines


def _cells(seen: _Seen, at: int) -> list[str]:
    return [row[at - 1] for row in seen.body if at <= len(row)]


def _value_lines(heading: str, has_kind: bool) -> list[str]:
    """Return a value column; a quarter or year in the heading becomes a placeholder-free period."""
    quarter, year = _QUARTER.search(heading), _PERIOD.search(heading)
    lines = [f"column = {_quoted(heading)}"]
    if quarter or year:
        from ikz_eval.delivery.form import canonical_quarter

        found = quarter or year
        assert found is not None
        lines.append(f"period = {_quoted(canonical_quarter(found[0]))}")
    if not has_kind:
        lines.append(f"kind = {_quoted(_kind(heading) or 'actual')}")
    if "ertr" in heading.casefold() and "aufwend" not in heading.casefold():
        lines.append('block = "revenue"')
    elif "aufwend" in heading.casefold() and "ertr" not in heading.casefold():
        lines.append('block = "expense"')
    return lines


def _directions(words: list[str]) -> list[str]:
    sides = {"revenue": ("ertr", "einn", "revenue"), "expense": ("aufw", "ausg", "expense")}
    return [
        f"{side} = {_quoted(word)}"
        for side, starts in sides.items()
        for word in words[:8]
        if word.casefold().startswith(starts)
    ]


def _kind(words: str) -> str | None:
    return next((kind for kind, starts in _KINDS if any(word in words.casefold() for word in starts)), None)


def _has_period(headings: list[str], roles: dict[str, int], values: list[int]) -> bool:
    return "period" in roles or any(_PERIOD.search(headings[at - 1]) for at in values)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'
