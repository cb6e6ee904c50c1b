"""The reference table: published and independently computed results beside ours, through the one door.

Reads the reference folder beside the checkout (its files may not be copied into the project) and writes
docs/methods/reference.md. The same figures are tests with tolerances in tests/reference.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ikz_eval.estimate import Answer, Request, answer
from ikz_eval.settings import ROOT

FOLDER = ROOT.parent / "shared" / "reference"
PAGE = ROOT / "docs" / "methods" / "reference.md"
Line = tuple[str, float, float]
"""Case, published or independent figure, ours."""

MPDTA = {"outcome": "lemp", "unit": "countyreal", "period": "year", "cohort": "first_treat"}
REGIONS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}


def asked(name: str, method: str, **options: Any) -> Answer:
    """Return the answer on a reference file."""
    return answer(pd.read_csv(FOLDER / name), Request(method=method, **options))


def point(answered: Answer, term: str = "ATT") -> float:
    """Return an estimate."""
    return next(one.estimate for one in answered.estimates if one.term == term)


def told(answered: Answer, inference: str, key: str, term: str = "ATT") -> float:
    """Return a number of an inference."""
    numbers = next(one.inference[inference] for one in answered.estimates if one.term == term)
    assert numbers is not None
    value = numbers[key]
    return float(value) if isinstance(value, int | float) else float("nan")


def regions(case: dict[str, Any]) -> Iterator[Line]:
    """Yield the primary inference."""
    found = asked(
        "region_staggered.csv", "imputation", **REGIONS, average="clusters", inference=("cr2", "wild", "randomisation")
    )
    yield "region_staggered, imputation, regions weighted equally", case["estimate"], point(found)
    for key in ("se", "df", "p", "low", "high"):
        yield f"the same, CR2 {key}", case["cr2"][key], told(found, "cr2", key)
    yield "the same, wild bootstrap p", case["wild"]["p"], told(found, "wild", "p")
    for key in ("p_t", "p_coefficient", "assignments"):
        yield f"the same, randomisation {key}", case["randomisation"][key], told(found, "randomisation", key)
    by_rows = asked("region_staggered.csv", "imputation", **REGIONS)
    yield "the same, rows weighted equally", case["observation_weighted_bjs"], point(by_rows)


def staggered(case: dict[str, Any]) -> Iterator[Line]:
    """Yield the county teen employment panel."""
    never, analytic = case["cs_nevertreated_analytic"], {"inference": ("analytic",)}
    for kind in ("simple", "dynamic", "group", "calendar"):
        found = asked("mpdta.csv", "group_time", **MPDTA, aggregate=kind, **analytic)
        yield f"mpdta, group-time, {kind}", never[kind][0], point(found)
        yield "the same, standard error by unit", never[kind][1], told(found, "analytic", "se")
    cells = asked("mpdta.csv", "group_time", **MPDTA, aggregate="none", **analytic)
    for name, (value, _) in never["gt"].items():
        yield f"mpdta, ATT({name})", value, point(cells, f"ATT({name})")
    later = asked("mpdta.csv", "group_time", **MPDTA, comparison="not_yet", **analytic)
    yield "mpdta, group-time, not yet treated, simple", case["cs_notyettreated_simple"][0], point(later)
    yield "mpdta, imputation", case["bjs_att"], point(asked("mpdta.csv", "imputation", **MPDTA))
    interacted = asked("mpdta.csv", "sun_abraham", **MPDTA, inference=("cr1",))
    for time, (value, se) in case["sun_abraham"].items():
        yield f"mpdta, Sun-Abraham, e={time}", value, point(interacted, f"e={time}")
        yield "the same, standard error", se, told(interacted, "cr1", "se", f"e={time}")
    parts = asked("mpdta.csv", "bacon", **MPDTA)
    yield "mpdta, two-way fixed effects", case["twfe"][0], point(parts)
    for kind, (weight, value) in case["bacon_weights"].items():
        own = next(one for one in parts.estimates if one.term == kind)
        yield f"mpdta, Goodman-Bacon, {kind}, weight", weight, own.weight or 0.0
        yield "the same, estimate", value, own.estimate


def two_by_two(cases: dict[str, Any]) -> Iterator[Line]:
    """Yield the two textbook comparisons, and Proposition 99 as one."""
    stores = {"outcome": "fte", "period": "d", "treatment": "nj", "cluster": "id"}
    found = asked("card_krueger.csv", "two_by_two", **stores, inference=("classical", "cr1"))
    known = cases["card_krueger"]["computed"]
    yield "Card and Krueger, all stores", known["all_obs_coef"], point(found)
    yield "the same, standard error by store", known["cluster_store_CR1_se"], told(found, "cr1", "se")
    yield "the same, p", known["cluster_p"], told(found, "cr1", "p")
    houses = {"outcome": "rprice", "period": "year", "treatment": "nearinc", "inference": ("classical",)}
    for name, covariates in (
        ("base", ()),
        ("age", ("age", "agesq")),
        ("full", ("age", "agesq", "intst", "land", "area", "rooms", "baths")),
    ):
        value, se, _ = cases["kielmc"]["computed"][name]
        found = asked("kielmc.csv", "two_by_two", **houses, covariates=covariates)
        yield f"Kiel and McClain, {name}", value, point(found)
        yield "the same, standard error", se, told(found, "classical", "se")
    did = asked("prop99.csv", "twoway", outcome="PacksPerCapita", unit="State", period="Year", treatment="treated")
    yield "Proposition 99, difference in differences", cases["prop99"]["computed"]["did"], point(did)


def grunfeld(case: dict[str, Any]) -> Iterator[Line]:
    """Yield investment of ten firms, one- and two-way, beside clubSandwich."""
    panel = pd.read_csv(FOLDER / "grunfeld11.csv")
    ten = panel[panel["firm"] != "American Steel"]
    for name, absorb in (("fe", ("firm",)), ("twfe", ("firm", "year"))):
        request = Request(
            method="regression", outcome="invest", regressors=("value", "capital"), absorb=absorb, cluster="firm",
            inference=("cr2", "wild"), wild_type="11",
        )  # fmt: skip
        found = answer(ten, request)
        for row in case["clubSandwich"][f"grunfeld10_{name}_CR2"]:
            yield f"Grunfeld, {name}, {row['Coef']}", row["beta"], point(found, row["Coef"])
            yield "the same, CR2 standard error", row["SE"], told(found, "cr2", "se", row["Coef"])
            yield "the same, Satterthwaite df", row["df_Satt"], told(found, "cr2", "df", row["Coef"])
            exact = case["wcr_exact"][f"grunfeld10_{name}_{row['Coef']}_WCR11"]["p_sym_ge"]
            yield "the same, wild bootstrap p, all signs", exact, told(found, "wild", "p", row["Coef"])


def one_series(cases: dict[str, Any]) -> Iterator[Line]:
    """Yield the interrupted series: the Nile in 1899 and the smoking ban in Sicily."""
    nile, sicily = cases["nile"]["computed"], cases["sicily"]["computed"]
    years: dict[str, Any] = {"outcome": "volume", "period": "year"}
    wandering = asked("nile.csv", "structural", **years)
    yield "Nile, structural, irregular variance", nile["nm"][0], point(wandering, "irregular_variance")
    yield "the same, level variance", nile["nm"][1], point(wandering, "level_variance")
    yield "the same, log likelihood", nile["llf_exact_diffuse"], point(wandering, "llf")
    broken = asked("nile.csv", "structural", **years, intervention="1899")
    yield "Nile, structural, break in 1899 (stored run stopped early)", nile["break1899_uc"][0], point(broken, "level")
    yield "the same, standard error", nile["break1899_uc"][1], told(broken, "mle", "se", "level")
    both = asked("nile.csv", "interrupted", **years, intervention="1899", trend=False, inference=("classical", "hac"))
    yield "Nile, interrupted, no trend", nile["break1899_ols"][0], point(both, "level")
    yield "the same, standard error", nile["break1899_ols"][1], told(both, "classical", "se", "level")
    yield "the same, Newey-West, 4 lags", nile["break1899_hac4_correction"][1], told(both, "hac", "se", "level")
    months: dict[str, Any] = {"outcome": "aces", "period": "time", "intervention": "37", "offset": "stdpop"}
    bent: dict[str, Any] = {"harmonics": 2, "season_length": 12}
    for name, stored, options in (
        ("mle", "sicily_poisson", {}), ("quasi", "sicily_quasipoisson", {}), ("quasi", "sicily_quasi_harmonic", bent),
    ):  # fmt: skip
        found = asked("sicily.csv", "poisson_interrupted", **months, **options, inference=(name,))
        yield (
            f"Sicily, {stored.removeprefix('sicily_')}, rate ratio",
            sicily[stored]["rr"],
            told(found, name, "rate_ratio", "level"),
        )
        for place, end in enumerate(("rate_ratio_low", "rate_ratio_high")):
            yield f"the same, {end}", sicily[stored]["ci"][place], told(found, name, end, "level")


def main() -> None:
    """Write and print the table."""
    if not FOLDER.is_dir():
        sys.exit("the reference folder is not beside the checkout")
    cases = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["cases"]
    lines = [
        *regions(cases["region_staggered"]["computed"]), *staggered(cases["mpdta"]["computed"]), *two_by_two(cases),
        *grunfeld(cases["grunfeld"]["computed"]), *one_series(cases),
    ]  # fmt: skip
    rows = "\n".join(f"| {case} | {value:.10g} | {ours:.10g} | {ours - value:.1e} |" for case, value, ours in lines)
    PAGE.write_text(
        "# Reference table\n\nWritten by `python -m bench.reference` from the reference files beside the checkout; a figure "
        "printed with few digits differs by its rounding.\n\n| case | published or independent | ours | difference |\n"
        f"|---|---|---|---|\n{rows}\n",
        encoding="utf-8",
        newline="\n",
    )
    print(rows)


if __name__ == "__main__":
    main()
