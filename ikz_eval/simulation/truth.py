"""What is true in an invented Land: effects, noise, sizes, gaps in the deliveries.

Holds the frozen parameters of studies/<name>/simulation.toml and reads them. Drawing from them is land.py and the
modules beside it. No stage of the pipeline may read this file's content: the truth is known to the simulation alone.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from ikz_eval.errors import StudyError
from ikz_eval.registry import Registry
from ikz_eval.settings import place

FILE_NAME = "simulation.toml"
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise of log real running cost per case of one body in one quarter.

    Attributes
    ----------
    sd_log : float
        Standard deviation of all noise together [log points].
    unit_share : float
        Share of the variance common to the bodies of a region or block (intraclass correlation).
    autocorrelation : float
        AR(1) coefficient from quarter to quarter, of the common and of the own part.
    """

    sd_log: float
    unit_share: float
    autocorrelation: float


@dataclass(frozen=True, slots=True)
class Level:
    """Lasting differences between bodies; all but ``size_elasticity`` are standard deviations [log points]."""

    body_sd_log: float
    size_elasticity: float
    share_sd_log: float
    pay_sd_log: float


@dataclass(frozen=True, slots=True)
class Common:
    """What moves all bodies alike: trend and quarter shocks [log points]."""

    trend_log_per_quarter: float
    shock_sd_log: float


@dataclass(frozen=True, slots=True)
class Shock:
    """A confounder that hits all bodies in one field from ``first_quarter`` to ``last_quarter`` [log points]."""

    field: str
    first_quarter: str
    last_quarter: str
    effect_log: float


@dataclass(frozen=True, slots=True)
class Transition:
    """One-off cost of a participant: share of a quarter's running cost, split over the quarters around its start."""

    running_share: float
    by_quarter: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """Over how many quarters from its start a region's grant is paid out."""

    quarters: int


@dataclass(frozen=True, slots=True)
class StaffPlan:
    """Personnel cost of one full-time post in a quarter, at prices of the base [EUR]."""

    pay_per_post_eur: float


@dataclass(frozen=True, slots=True)
class Gaps:
    """Shares of body-quarters delivered late, never or twice; bodies still missing in open quarters."""

    missing_share: float
    late_share: float
    after_cutoff_share: float
    corrected_share: float
    open_missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """Seed of the programme that the demonstration shows."""

    seed: int


@dataclass(frozen=True, slots=True)
class FieldTruth:
    """One cooperation field of the invented Land.

    Attributes
    ----------
    field : str
        Key of the field.
    effect_log : float
        Effect of cooperation on the running cost of a cooperating body [log points].
    cases_per_1000 : float
        Cases per 1,000 inhabitants and quarter.
    cost_per_case_eur, fee_per_case_eur : float
        Running cost at prices of the base, and fee at current prices [EUR per case].
    season_cases, season_cost : tuple of float
        Seasonality of Q1 to Q4 [log points].
    moved_share : float
        Share of a guest's running cost that arises at the host instead.
    cost_cover : float
        Share of the moved cost that the guest pays back; below 1 cost shifts from guests to the host.
    block_shares : tuple of float
        Split of running cost over the running cost blocks, shape (6,).
    waiting_minutes, opening_hours, online_percent : float
        Level of the service indicators in the first quarter [min, h per week, %].
    waiting_effect_log, opening_effect_hours : float
        What cooperation changes in them.
    online_rise_percent : float
        Rise of the online share per quarter, in all bodies [percentage points].
    """

    field: str
    effect_log: float
    cases_per_1000: float
    cost_per_case_eur: float
    fee_per_case_eur: float
    season_cases: tuple[float, ...]
    season_cost: tuple[float, ...]
    moved_share: float
    cost_cover: float
    block_shares: tuple[float, ...]
    waiting_minutes: float
    waiting_effect_log: float
    opening_hours: float
    opening_effect_hours: float
    online_percent: float
    online_rise_percent: float


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that is true in the invented Land; change a part with ``dataclasses.replace``."""

    demonstration: Draw
    noise: Noise
    level: Level
    common: Common
    transition: Transition
    grants: GrantPlan
    staff: StaffPlan
    deliveries: Gaps
    shocks: tuple[Shock, ...]
    fields: tuple[FieldTruth, ...]


def load_truth(registry: Registry) -> Truth:
    """Read the simulation.toml of an invented study.

    Raises
    ------
    StudyError
        If the study is not invented, or the file lacks a parameter, has an unknown one, or misses a delivered field.
    """
    if not registry.is_invented:
        raise StudyError(
            f"studies/{registry.study} is a study of real bodies (is_invented = false); a truth exists for invented "
            "studies only: choose IKZ_STUDY=demonstration"
        )
    path = place(registry.study).study_folder / FILE_NAME
    if not path.is_file():
        raise StudyError(
            f"studies/{registry.study}/{FILE_NAME} does not exist; an invented study must say what is true"
        )
    return truth_of(tomllib.loads(path.read_text(encoding="utf-8")), registry.delivered_fields, path)


def truth_of(content: Mapping[str, Any], delivered_fields: list[str], path: Path) -> Truth:
    """Check the parsed content of a simulation.toml into a Truth; fields in the order of ``delivered_fields``."""
    where = f"{path.parent.name}/{path.name}"
    by_field = {row.get("field"): row for row in content.get("field", [])}
    missing = [field for field in delivered_fields if field not in by_field]
    if missing:
        raise StudyError(
            f"{where}: no [[field]] for {', '.join(missing)}; every delivered field of fields.csv needs one"
        )
    return Truth(
        demonstration=_part(Draw, content.get("demonstration"), f"{where} [demonstration]"),
        noise=_part(Noise, content.get("noise"), f"{where} [noise]"),
        level=_part(Level, content.get("level"), f"{where} [level]"),
        common=_part(Common, content.get("common"), f"{where} [common]"),
        transition=_part(Transition, content.get("transition"), f"{where} [transition]"),
        grants=_part(GrantPlan, content.get("grants"), f"{where} [grants]"),
        staff=_part(StaffPlan, content.get("staff"), f"{where} [staff]"),
        deliveries=_part(Gaps, content.get("deliveries"), f"{where} [deliveries]"),
        shocks=tuple(_part(Shock, row, f"{where} [[shock]]") for row in content.get("shock", [])),
        fields=tuple(_part(FieldTruth, by_field[f], f"{where} [[field]] {f}") for f in delivered_fields),
    )


def _part(kind: type[Part], content: object, where: str) -> Part:
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    given = dict(content) if isinstance(content, Mapping) else {}
    if set(given) != set(names):
        missing, unknown = sorted(set(names) - set(given)), sorted(set(given) - set(names))
        raise StudyError(f"{where}: missing {missing}, unknown {unknown}; needed are {names}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})
