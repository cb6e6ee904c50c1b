"""The reference table: published and independently computed results beside ours, through the one door.

Reads the reference folder beside the checkout (its files may not be copied into the project) and writes
docs/methods/reference.md. The same figures are tests with tolerances in tests/reference, where the peers' numbers and the
published event studies behind the honest bounds stand too.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ikz_eval.estimate import Answer, Request, answer, fit_synthetic_control
from ikz_eval.inference.honest import honest_bounds
from ikz_eval.settings import ROOT
from tests.reference import event_studies as studies
from tests.reference import synthetic_peers as peers
from tests.reference.factor_panels import one_region, two_regions

FOLDER = ROOT.parent / "shared" / "reference"
PAGE = ROOT / "docs" / "methods" / "reference.md"
Line = tuple[str, float, float]
"""Case, published or independent figure, ours."""

MPDTA = {"outcome": "lemp", "unit": "countyreal", "period": "year", "cohort": "first_treat"}
REGIONS = {"outcome": "log_cost", "unit": "body", "period": "quarter", "cohort": "cohort", "cluster": "region"}
SMOKING: dict[str, Any] = {"outcome": "PacksPerCapita", "unit": "State", "period": "Year", "treatment": "treated"}
INVENTED: dict[str, Any] = {
    "outcome": "cost",
    "unit": "body",
    "period": "period",
    "cohort": "start",
    "cluster": "block",
}


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
    did = asked("prop99.csv", "twoway", **SMOKING)
    yield "Proposition 99, difference in differences", cases["prop99"]["computed"]["did"], point(did)


def synthetic(case: dict[str, Any]) -> Iterator[Line]:
    """Yield synthetic control and synthetic difference-in-differences: Proposition 99 and the invented panels."""
    smoking, published, computed = "Proposition 99, synthetic", case["published"], case["computed"]
    control = asked("prop99.csv", "synthetic_control", **SMOKING)
    yield f"{smoking} control, printed (AER, table 1)", published["sc"][0], point(control)
    yield "the same, stored run", computed["sc_no_covariates"], point(control)
    starts = fit_synthetic_control(pd.read_csv(FOLDER / "prop99.csv"), **SMOKING).starts
    best = starts[starts["start"] == "optimum"].iloc[0].to_dict()
    for key, known in zip(("estimate", "rmspe_before"), peers.PYSYNCON["prop99"], strict=True):
        yield f"the same, exact optimum (pysyncon), {key}", known, best[key]
    yield "the same, rank of 39 (printed: with covariates; ours: outcomes only)", 1, told(control, "placebo", "rank")
    did = asked("prop99.csv", "synthetic_did", **SMOKING)
    yield f"{smoking} DiD, printed (AER, table 1)", published["sdid"][0], point(did)
    yield "the same, stored run", computed["sdid"], point(did)
    drawn, every = computed["sdid_placebo_se_B200_seed1"], told(did, "placebo", "se")
    yield "the same, placebo standard error (stored: 200 draws with repetition; ours: all 38 states once)", drawn, every
    one, two = one_region(), two_regions()
    found = answer(one, Request(method="synthetic_control", **INVENTED))
    yield "invented region, synthetic control (synthdid-py)", peers.SYNTHDID_CONTROL["one_region"], point(found)
    found = answer(one, Request(method="synthetic_did", inference=("jackknife",), **INVENTED))
    yield "invented region, synthetic DiD (synthdid-py)", peers.SYNTHDID["one_region"], point(found)
    yield "the same (diff-diff)", peers.DIFF_DIFF["one_region"], point(found)
    yield "the same, jackknife standard error", peers.JACKKNIFE, told(found, "jackknife", "se")
    found = answer(two, Request(method="synthetic_did", **INVENTED))
    yield "invented regions, two starts, synthetic DiD (synthdid-py)", peers.SYNTHDID["two_regions"], point(found)


def honest() -> Iterator[Line]:
    """Yield the honest bounds of two published event studies beside those of HonestDiD."""
    medicaid = (studies.MEDICAID, studies.MEDICAID_COVARIANCE, 5, 2)
    restaurants = (studies.RESTAURANTS, studies.RESTAURANTS_COVARIANCE, 4, 4)
    first, mean = None, [0.5, 0.5]
    for name, study, restriction, average, bands in (
        ("Medicaid, first effect (README)", medicaid, "relative_magnitudes", first, studies.README_RELATIVE),
        ("Medicaid, mean of two effects (README, Stata)", medicaid, "relative_magnitudes", mean, studies.STATA_AVERAGE),
        ("Medicaid, first effect (README)", medicaid, "smoothness", first, studies.README_SMOOTHNESS),
        ("Restaurants, first effect (stored R run)", restaurants, "relative_magnitudes", first, studies.R_RELATIVE),
        ("Restaurants, first effect (stored R run)", restaurants, "smoothness", first, studies.R_SMOOTHNESS),
    ):
        for bound in honest_bounds(*study, restriction=restriction, m=list(bands), l_vec=average).bounds:
            low, high = bands[bound.m]
            yield f"honest, {restriction}, {name}, M = {bound.m:g}, low", low, bound.low
            yield "the same, high", high, bound.high


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
        *synthetic(cases["prop99"]), *grunfeld(cases["grunfeld"]["computed"]), *one_series(cases), *honest(),
    ]  # fmt: skip
    rows = "\n".join(f"| {case} | {value:.10g} | {ours:.10g} | {ours - value:.1e} |" for case, value, ours in lines)
    PAGE.write_text(
        "# Reference table\n\nWritten by `python -m bench.reference` from the reference files beside the checkout; a figure "
        "printed with few digits differs by its rounding, and HonestDiD takes the ends of bounds by relative magnitudes from a grid "
        "(steps of up to .0008).\n\n| case | published or independent | ours | difference |\n"
        f"|---|---|---|---|\n{rows}\n",
        encoding="utf-8",
        newline="\n",
    )
    print(rows)


if __name__ == "__main__":
    main()
