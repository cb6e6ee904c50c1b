"""How often the verdict errs on the invented programme: the null and the shifting field, over many seeds.

Draws the demonstration's programme anew for every seed and judges it by the primary specification. The required tests are
carried out only where they can matter: an adjusted p is never below the raw one, so a field whose raw CR2 p is at least
.05 is not "belegt", whatever the other tests say. `python -m bench.seeds 1 1000`; its table stands in docs/methods/verdict.md.
"""

import sys
from collections import Counter
from dataclasses import replace

from ikz_eval.estimate.design import partnership_frame
from ikz_eval.estimate.evaluation import evaluate_field, fit_level
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.estimate.required_tests import run_required_tests
from ikz_eval.estimate.verdict import LARGEST_P, FieldEffect, FieldVerdict, decide
from ikz_eval.panel import build_panel, build_partnership
from ikz_eval.registry import Registry, load_registry
from ikz_eval.simulation import simulate

QUARTER = "2026-Q2"
WATCHED = ("wohngeld", "elterngeld")
"""The null field and the one whose cost only shifts between partners: both have no effect on the partnership."""


def judge_seed(registry: Registry, seed: int) -> dict[str, tuple[float, float, FieldVerdict | None]]:
    """Return estimate [log points], raw CR2 p and verdict of the watched fields; no verdict where raw p forbids "belegt"."""
    evaluation, programme = registry.evaluation(QUARTER), simulate(registry, seed)
    panel = build_panel(registry, evaluation, programme.delivery, programme.cost, programme.caseload, programme.staff)
    partnership = build_partnership(registry, panel)
    raw = {}
    for field in WATCHED:
        frame = partnership_frame(registry, registry.primary, field, QUARTER, partnership)
        fit = fit_level("partnership", frame).imputation
        assert isinstance(fit, ImputationFit) and fit.inference is not None
        raw[field] = (fit.inference.estimate, fit.inference.p)
    if min(p for _, p in raw.values()) >= LARGEST_P:
        return {field: (*found, None) for field, found in raw.items()}
    fields = registry.delivered_fields
    found = [evaluate_field(registry, registry.primary, field, QUARTER, panel, partnership) for field in fields]
    tests = run_required_tests(found, least_supported=False)
    judged = {}
    for each in found:
        fit = each.partnership.imputation
        if each.field in WATCHED and fit is not None and fit.inference is not None:
            known, own = fit.inference, tests[each.field]
            effect = FieldEffect(known.estimate, known.low, known.high, own.p_cr2_adjusted)
            judged[each.field] = decide(each.design, effect, own.passed)
    return {field: (*raw[field], judged[field]) for field in WATCHED}


def main(first: int, last: int) -> None:
    """Judge the seeds from first to last and print counts a field, and each seed that is "belegt"."""
    registry = load_registry("demonstration")
    registry = replace(registry, specifications=(registry.primary,))
    counts: dict[str, Counter[str]] = {field: Counter() for field in WATCHED}
    total = dict.fromkeys(WATCHED, 0.0)
    for seed in range(first, last + 1):
        for field, (estimate, p, verdict) in judge_seed(registry, seed).items():
            total[field] += estimate
            if p < LARGEST_P:
                counts[field][f"raw CR2 p < .05, {'below' if estimate < 0 else 'above'} zero"] += 1
            if verdict is not None and verdict.code == "supported":
                counts[field][f"supported {verdict.direction}"] += 1
                print(f"seed {seed}: {field} supported, {verdict.direction}, {estimate:+.4f}", flush=True)
    seeds = last - first + 1
    for field in WATCHED:
        listed = "; ".join(f"{name}: {number}" for name, number in sorted(counts[field].items()))
        print(f"{field}: {seeds} seeds, mean estimate {total[field] / seeds:+.5f}; {listed}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
