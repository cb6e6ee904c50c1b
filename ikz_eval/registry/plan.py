"""study.toml: the choices of a study, each with its reason, read strictly.

Holds which keys a section has, of which type, and their conversion to the frozen types of model.py. Whether choices fit
the tables (a field exists, a quarter has prices) is validate.py.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ikz_eval.quarters import QUARTER_PATTERN
from ikz_eval.registry.faults import Fault
from ikz_eval.registry.model import EvaluationQuarter, Outcome, Pooled, Specification, Threshold

FILE = "study.toml"
BERLIN = ZoneInfo("Europe/Berlin")
DECIMAL = r"^-?\d+(\.\d+)?$"
OUTCOMES = r"^log_real_gross_cost_per_case$"
"""Primary outcomes that can be estimated."""

QUARTER_WORDS = "a quarter such as 2024-Q3"
TEXT = (str, r".{3,}", "a text of at least 3 characters")
QUARTER = (str, QUARTER_PATTERN, QUARTER_WORDS)
FLAG = (bool, "", "true or false")

SECTIONS: dict[str, dict[str, tuple[type, str, str]]] = {
    "study": {
        "title_de": TEXT,
        "title_en": TEXT,
        "is_invented": FLAG,
        "first_quarter": QUARTER,
        "due_days": (int, r"^[1-9]\d*$", "a number of days, at least 1"),
        "due_days_reason": TEXT,
        "price_base": QUARTER,
        "price_base_reason": TEXT,
    },
    "evaluation": {"quarter": QUARTER, "cutoff": (date, "", "a date such as 2026-08-31"), "reason": TEXT},
    "outcome": {
        "field": (str, r".{2,}", "a field of fields.csv"),
        "name": (str, OUTCOMES, OUTCOMES[1:-1]),
        "reason": TEXT,
    },
    "specification": {
        "name": (str, r"^[a-z][a-z0-9_]*$", "a short name of a-z, 0-9 and _"),
        "is_primary": FLAG,
        "method": (str, r"^imputation$", "imputation"),
        "late_joiners": (str, r"^(region_start|own_start)$", "region_start or own_start"),
        "average": (str, r"^regions$", "regions"),
        "anticipation_quarters": (dict, "", "a table {default = 0, <field> = n}"),
        "reason": TEXT,
    },
    "pooled": {
        "name": (str, r"^[a-z][a-z0-9_]*$", "a short name of a-z, 0-9 and _"),
        "fields": (list, "", "a list of at least two delivered fields of fields.csv"),
        "reason": TEXT,
    },
    "threshold": {
        "name": (str, r"^[a-z][a-z0-9_]*$", "a short name of a-z, 0-9 and _"),
        "value": (str, DECIMAL, 'a decimal number as text, e.g. "0.15"'),
        "unit": (str, r".+", "a unit"),
        "reason": TEXT,
        "source": TEXT,
    },
}
"""Section -> key -> (type, pattern, what is allowed in words)."""
OPTIONAL = {"study": {"first_quarter_reason": TEXT}}
MAY_BE_MISSING = ("pooled", "threshold")
"""Sections that a study need not have."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The sections of study.toml that have no fault of their own, with the line of each.

    Attributes
    ----------
    study : dict
        Section ``[study]``; empty when it is faulty.
    sections : dict of str to list of dict
        The repeated sections as read.
    lines : dict of str to list of int
        Line of each section's header.
    text : tuple of str
        The lines of the file.
    """

    study: dict[str, Any]
    sections: dict[str, list[dict[str, Any]]]
    lines: dict[str, list[int]]
    text: tuple[str, ...]

    def line(self, section: str, position: int, key: str) -> int:
        """Return the line of a key in the ``position``-th (from 0) part of a section, 0 when unknown."""
        found = self.lines.get(section, [])
        return _key_line(self.text, key, found[position]) if position < len(found) else 0


def read_plan(folder: Path) -> tuple[Plan, list[Fault]]:
    """Read study.toml of a study folder and judge its keys and types."""
    path = folder / FILE
    empty = Plan({}, {name: [] for name in SECTIONS}, {}, ())
    if not path.is_file():
        return empty, [Fault(FILE, 0, "", "no such file", "a study.toml", "add it (docs/howto/add_a_study.md)")]
    try:
        content = path.read_bytes().decode("utf-8")
        raw = tomllib.loads(content)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return empty, [Fault(FILE, _error_line(str(error)), "", str(error), "valid TOML in UTF-8", "mend this line")]
    return _judge(raw, tuple(content.splitlines()))


def evaluations(plan: Plan) -> tuple[EvaluationQuarter, ...]:
    """Return the evaluations with cut-offs at the end of their day in Europe/Berlin, as UTC."""
    return tuple(
        EvaluationQuarter(part["quarter"], end_of_day(part["cutoff"]), part["reason"])
        for part in plan.sections["evaluation"]
    )


def end_of_day(day: date) -> datetime:
    """Return the last microsecond of ``day`` in Europe/Berlin, as UTC."""
    return datetime.combine(day, time.max, tzinfo=BERLIN).astimezone(UTC)


def outcomes(plan: Plan) -> tuple[Outcome, ...]:
    """Return the outcomes in the order of the file."""
    return tuple(Outcome(part["field"], part["name"], part["reason"]) for part in plan.sections["outcome"])


def specifications(plan: Plan, fields: list[str]) -> tuple[Specification, ...]:
    """Return the specifications, the primary one first, anticipation expanded to one entry per delivered field."""
    parts = sorted(plan.sections["specification"], key=lambda part: not part["is_primary"])
    return tuple(Specification(**{**part, "anticipation_quarters": _expanded(part, fields)}) for part in parts)


def pooled(plan: Plan) -> tuple[Pooled, ...]:
    """Return the averages over fields in the order of the file."""
    return tuple(Pooled(part["name"], tuple(part["fields"]), part["reason"]) for part in plan.sections["pooled"])


def thresholds(plan: Plan) -> dict[str, Threshold]:
    """Return the thresholds by name."""
    parts = ({**part, "value": Decimal(part["value"])} for part in plan.sections["threshold"])
    return {part["name"]: Threshold(**part) for part in parts}


def _expanded(part: dict[str, Any], fields: list[str]) -> dict[str, int]:
    quarters: dict[str, int] = part["anticipation_quarters"]
    return {field: quarters.get(field, quarters["default"]) for field in fields}


def _judge(raw: dict[str, Any], text: tuple[str, ...]) -> tuple[Plan, list[Fault]]:
    faults = [
        Fault(FILE, _key_line(text, name), name, "an unknown section", ", ".join(SECTIONS), "remove or rename it")
        for name in raw
        if name not in SECTIONS
    ]
    headers = {name: _headers(text, name) for name in SECTIONS}
    good: dict[str, list[dict[str, Any]]] = {}
    lines: dict[str, list[int]] = {}
    for name in SECTIONS:
        parts = raw.get(name, [])
        parts = parts if isinstance(parts, list) else [parts]
        if not parts and name not in MAY_BE_MISSING:
            faults.append(Fault(FILE, 0, name, "no such section", f"at least one [{name}]", "add it with its reason"))
        good[name], lines[name] = [], []
        for position, part in enumerate(parts):
            line = headers[name][position] if position < len(headers[name]) else 0
            own = _part_faults(name, part, line, text)
            faults.extend(own)
            if not own:
                good[name].append(part)
                lines[name].append(line)
    study = good.pop("study")
    return Plan(study[0] if study else {}, good, lines, text), faults


def _part_faults(section: str, part: object, line: int, text: tuple[str, ...]) -> list[Fault]:
    if not isinstance(part, dict):
        return [
            Fault(
                FILE,
                line,
                section,
                repr(part),
                f"a section with the keys {', '.join(SECTIONS[section])}",
                "write it as a section",
            )
        ]
    keys, optional = SECTIONS[section], OPTIONAL.get(section, {})
    faults = [
        Fault(
            FILE,
            _key_line(text, key, line),
            key,
            "an unknown key",
            ", ".join([*keys, *optional]),
            "remove or rename it",
        )
        for key in part
        if key not in keys and key not in optional
    ]
    for key, (kind, pattern, allowed) in {**keys, **optional}.items():
        if key in part:
            if not _fits(part[key], kind, pattern):
                faults.append(
                    Fault(FILE, _key_line(text, key, line), key, repr(part[key]), allowed, "write the value as allowed")
                )
        elif key in keys:
            faults.append(Fault(FILE, line, key, "no such key", allowed, f"add it to this section [{section}]"))
    if isinstance(part.get("anticipation_quarters"), dict):
        faults.extend(
            _anticipation_faults(part["anticipation_quarters"], _key_line(text, "anticipation_quarters", line))
        )
    return faults


def _anticipation_faults(quarters: dict[str, Any], line: int) -> list[Fault]:
    key, remedy = "anticipation_quarters", "write the value as allowed"
    faults = [
        Fault(FILE, line, f"{key}.{name}", repr(value), "a whole number of quarters, at least 0", remedy)
        for name, value in quarters.items()
        if type(value) is not int or value < 0
    ]
    if "default" not in quarters:
        faults.append(
            Fault(FILE, line, key, "no default", "a default for all fields, e.g. {default = 0}", "add default")
        )
    return faults


def _fits(value: object, kind: type, pattern: str) -> bool:
    if type(value) is not kind:
        return False
    return not pattern or re.search(pattern, str(value)) is not None


def _headers(text: tuple[str, ...], section: str) -> list[int]:
    pattern = re.compile(rf"^\s*\[\[?\s*{section}\s*\]\]?\s*(#.*)?$")
    return [number for number, row in enumerate(text, start=1) if pattern.match(row)]


def _key_line(text: tuple[str, ...], key: str, after: int = 0) -> int:
    """Return the line where a key stands in the section that begins in line ``after``; that line when not found."""
    pattern = re.compile(rf"^\s*(\[+\s*)?{re.escape(key)}\b")
    for number, row in enumerate(text[after:], start=after + 1):
        if pattern.match(row):
            return number
        if after and row.lstrip().startswith("["):
            break
    return after


def _error_line(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found.group(1)) if found else 1
