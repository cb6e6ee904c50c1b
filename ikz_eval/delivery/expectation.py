"""What the study expects of a delivery: bodies, fields, quarters, agreements, limits, as plain look-ups.

Built once per process, from a loaded registry or from the study's files, so that rules stay free of frames.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ikz_eval.registry.plain import PlainStudy, Row, read_plain

if TYPE_CHECKING:
    from ikz_eval.registry.model import Registry

_PLAN = ("title_de", "title_en", "is_invented", "first_quarter", "due_days")
_TABLES = ("bodies", "fields", "agreements", "population", "vehicle_stock", "registration_district")


class AgreementPart(NamedTuple):
    """One body's part in one agreement.

    Attributes
    ----------
    agreement, field, ags : str
        Key of the agreement, its field, the body.
    start, end : str
        First and last day of the body's part (ISO); empty when unknown or open.
    is_host : bool
        Whether the body runs the joint office.
    status : str
        ``valid``, ``planned``, …
    """

    agreement: str
    field: str
    ags: str
    start: str
    end: str
    is_host: bool
    status: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a delivery to this study may say; plain and picklable.

    Attributes
    ----------
    study : str
        Name of the study's folder.
    title_de, title_en : str
        Its titles.
    is_invented : bool
        Whether the study is the demonstration.
    first_quarter, last_quarter : str
        First and last quarter that may be delivered.
    due_days : int
        Days after the end of a quarter by which its delivery is due.
    bodies : dict of str to str
        AGS -> name.
    fields : dict of str to str
        Key of a delivered field -> its German name, in the order of the form.
    partner_since : dict of (ags, field) to str
        First day of the earliest agreement (ISO), empty when unknown; absent without agreement.
    agreements : tuple of AgreementPart
        Every body's part in every agreement, in the order of agreements.csv.
    thresholds : dict of str to Decimal
        Limits of study.toml by name; a rule whose limit the study does not state asks nothing.
    inhabitants : dict of str to float
        AGS -> latest known number of inhabitants.
    vehicles : dict of str to float
        AGS -> latest known number of vehicles; absent where a registration district covers several bodies.
    """

    study: str
    title_de: str
    title_en: str
    is_invented: bool
    first_quarter: str
    last_quarter: str
    due_days: int
    bodies: dict[str, str]
    fields: dict[str, str]
    partner_since: dict[tuple[str, str], str]
    agreements: tuple[AgreementPart, ...]
    thresholds: dict[str, Decimal]
    inhabitants: dict[str, float]
    vehicles: dict[str, float]

    def title(self, lang: str = "de") -> str:
        """Return the title in ``lang``."""
        return self.title_de if lang == "de" else self.title_en


def expect(registry: "Registry") -> Expected:
    """Return what deliveries to a loaded study may say."""
    plan = {name: getattr(registry, name) for name in _PLAN} | {"last_quarter": registry.evaluations[-1].quarter}
    tables = {name: tuple(_plain_rows(getattr(registry, name))) for name in _TABLES}
    limits = tuple((limit.name, str(limit.value)) for limit in registry.thresholds.values())
    return _expected(PlainStudy(registry.study, plan, limits, tables))


def expect_folder(folder: Path) -> Expected:
    """Return the same from a study's folder, without loading it strictly: for commands that answer at once."""
    return _expected(read_plain(folder))


def _plain_rows(frame: Any) -> Iterable[Row]:
    """Yield the rows of a frame with None for null."""
    for row in frame.to_dict("records"):
        yield {str(name): None if value != value else value for name, value in row.items()}


def _expected(study: PlainStudy) -> Expected:
    tables = study.tables
    return Expected(
        study=study.study,
        **study.plan,
        bodies={row["ags"]: row["name"] for row in tables["bodies"]},
        fields={row["field"]: row["name_de"] for row in tables["fields"] if row["is_delivered"]},
        partner_since=_partner_since(tables["agreements"]),
        agreements=tuple(_part(row) for row in tables["agreements"]),
        thresholds={name: Decimal(value) for name, value in study.thresholds},
        inhabitants=_latest(tables["population"], "ags", "inhabitants"),
        vehicles=_vehicles(tables),
    )


def _part(row: Row) -> AgreementPart:
    agreement, field, ags, start, end, status = (
        row.get(name) or "" for name in ("agreement", "field", "ags", "start", "end", "status")
    )
    return AgreementPart(agreement, field, ags, start, end, bool(row.get("is_host")), status)


def _partner_since(rows: Iterable[Row]) -> dict[tuple[str, str], str]:
    since: dict[tuple[str, str], str] = {}
    for row in rows:
        if row["status"] != "planned":
            key, first_day = (row["ags"], row["field"]), row["start"] or ""
            since[key] = min(since.get(key, first_day), first_day)
    return since


def _latest(rows: Iterable[Row], key: str, value: str) -> dict[str, float]:
    """Return the value of the latest reference date by key."""
    return {row[key]: float(row[value]) for row in sorted(rows, key=lambda row: (row[key], row["reference_date"]))}


def _vehicles(tables: Mapping[str, tuple[Row, ...]]) -> dict[str, float]:
    """Return vehicles by body, where the body has a registration district of its own; all kinds before cars alone."""
    stock = tables["vehicle_stock"]
    kinds = [[row for row in stock if row["vehicle_kind"] == kind] for kind in ("cars", "all_vehicles")]
    by_district = _latest(kinds[0], "district", "vehicles") | _latest(kinds[1], "district", "vehicles")
    districts = [row["district"] for row in tables["registration_district"]]
    return {
        row["ags"]: by_district[row["district"]]
        for row in tables["registration_district"]
        if districts.count(row["district"]) == 1 and row["district"] in by_district
    }
