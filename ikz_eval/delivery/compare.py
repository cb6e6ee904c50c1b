"""Second phase of judging: what a delivery says beside earlier deliveries of its body and of others.

Pure functions of a judgement, the study's expectation and :class:`ikz_eval.delivery.history.Known`; run in the order
of arrival, so that one batch or many give the same findings. The first phase is judge.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from ikz_eval.delivery.expectation import Expected
from ikz_eval.delivery.findings import Finding
from ikz_eval.delivery.history import Known
from ikz_eval.delivery.judgement import Judgement
from ikz_eval.delivery.rules import peers, plausibility, series
from ikz_eval.delivery.rules.view import View, view_of

COMPARING: tuple[Callable[[View], Iterator[Finding]], ...] = (
    series.k58_numbers_are_of_this_quarter,
    series.k56_unit_is_as_before,
    peers.k63_unit_is_that_of_others,
    series.k59_correction_is_of_this_quarter,
    plausibility.k51_cost_is_positive,
    series.k57_columns_are_not_swapped,
    peers.k67_payment_goes_to_the_host,
    plausibility.k54_staff_fits_personnel_cost,
    plausibility.k55_cases_fit_vehicles,
    plausibility.k53_amount_fits_its_row,
    series.k61_number_is_not_gone,
    series.k60_case_definition_is_as_before,
    series.k62_number_does_not_jump,
    peers.k66_payments_mirror,
    peers.k65_cases_are_those_of_like_bodies,
    peers.k64_unit_cost_is_that_of_like_bodies,
)
"""Rules in the order in which they explain a number: the special before the general, as a number is asked about once."""


def compare(judgement: Judgement, expected: Expected, known: Known) -> Judgement:
    """Return the judgement with the findings that need earlier deliveries; only an accepted one is compared.

    Parameters
    ----------
    judgement : Judgement
        From :func:`ikz_eval.delivery.judge.judge`.
    expected : Expected
        What the study expects.
    known : Known
        What had been delivered before this file arrived; ``Known()`` when nothing is known.
    """
    if judgement.status != "accepted" or judgement.ags is None or judgement.quarter is None:
        return judgement
    assert judgement.layout is not None
    view = view_of(
        judgement.file_name,
        judgement.layout,
        (judgement.ags, judgement.quarter),
        judgement.cells,
        expected,
        known=known,
        findings=judgement.findings,
    )
    more = tuple(found for apply in COMPARING for found in apply(view))
    return replace(judgement, findings=judgement.findings + more)
