"""What every draw shares: estimates, scores, bootstrap and randomisation of a design as matrices on the outcomes.

All of them are linear in the outcomes as long as the design is fixed, so they are made once; a draw then costs a few
matrix products. Holds how the matrices follow from the estimators' own objects; what a draw makes of them is
statistics.py. A test compares both with the pipeline's functions on the same outcomes.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ikz_eval.calibration.layout import FieldLayout, StudyLayout
from ikz_eval.calibration.matrices import KINDS, WILD, Bootstrap, Sandwich, bootstrap_matrices, placed, score_matrix
from ikz_eval.calibration.pooled import PooledFields, prepare_pooled
from ikz_eval.calibration.worlds import Floats, Ints
from ikz_eval.errors import EstimationError
from ikz_eval.estimate.design import StartPath
from ikz_eval.estimate.imputation import ImputationFit
from ikz_eval.estimate.observations import Flags
from ikz_eval.estimate.reassignment import PathPanel, path_panel, weights_under
from ikz_eval.estimate.required_tests import SEED
from ikz_eval.estimate.sign_checks import BIN, SignChecks, sign_checks
from ikz_eval.inference import assignments, region_changes, satterthwaite, sign_draws
from ikz_eval.inference.attainable import ENUMERATION_LIMIT, count_assignments
from ikz_eval.inference.wild_statistics import prepare


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level of a field: partnership or body.

    Attributes
    ----------
    weights : ndarray
        c of b = c'y, shape (n,).
    sandwiches, bootstraps : dict
        By name of the inference.
    fit : ImputationFit
        With placeholder outcomes; for inference that is not linear.
    rows : ndarray of int
        Places of the fit's rows among the n, shape (rows of the fit,).
    """

    weights: Floats
    sandwiches: dict[str, Sandwich]
    bootstraps: dict[str, Bootstrap]
    fit: ImputationFit
    rows: Ints


@dataclass(frozen=True, slots=True, eq=False)
class PreparedField:
    """One field of a design, prepared.

    Attributes
    ----------
    layout : FieldLayout
        Its design.
    unit, period : ndarray of int
        Place of each partnership row, those under other paths included, shape (n,).
    body, body_period : ndarray of int
        Place of each row of the body level, shape (m,).
    treated, body_treated : ndarray of bool
        Rows whose effect is averaged, shapes (n,) and (m,).
    partnership, bodies : Level
        Both levels.
    group_time : ndarray or None
        How the outcomes enter the average group-time effect, shape (n,).
    first_year : (ndarray, Sandwich) or None
        Weights, shape (n,), and CR2 of the first year of the event path.
    changes : ndarray or None
        How the outcomes enter the change of each region for Donald-Lang, shape (G, n); None where one has none.
    checks : SignChecks
        Required tests without a p value, over the n rows.
    dealing : int
        Position of its design in the joint dealings.
    """

    layout: FieldLayout
    unit: Ints
    period: Ints
    body: Ints
    body_period: Ints
    treated: Flags
    body_treated: Flags
    partnership: Level
    bodies: Level
    group_time: Floats | None
    first_year: tuple[Floats, Sandwich] | None
    changes: Floats | None
    checks: SignChecks
    dealing: int


@dataclass(frozen=True, slots=True, eq=False)
class Dealt:
    """A design under every dealing of start paths, the observed one first.

    Attributes
    ----------
    coefficients : ndarray
        c of each, shape (A, n); zero where there is no estimate.
    scores : ndarray
        P of each, shape (A, G, n).
    missing : ndarray of bool
        Dealings without an estimate, shape (A,).
    """

    coefficients: Floats
    scores: Floats
    missing: Flags


@dataclass(frozen=True, slots=True, eq=False)
class PreparedStudy:
    """All fields of a design with the signs and dealings they share.

    Attributes
    ----------
    layout : StudyLayout
        The design.
    fields : tuple of PreparedField
        Assessable fields.
    signs : ndarray
        Shape (B, names of all regions and blocks).
    dealt : tuple of Dealt
        Joint dealings by distinct design.
    own : tuple of Dealt or None
        Dealings of a design alone, where those of all fields together are too many to list and its own are not.
    pooled : tuple of PooledFields
        Averages over fields.
    """

    layout: StudyLayout
    fields: tuple[PreparedField, ...]
    signs: Floats
    dealt: tuple[Dealt, ...]
    own: tuple[Dealt | None, ...]
    pooled: tuple[PooledFields, ...] = ()

    def part(self, positions: Sequence[int]) -> "PreparedStudy":
        """Return the study with only some of its fields, adjusted for among themselves, without averages over them."""
        return replace(self, fields=tuple(self.fields[position] for position in positions), pooled=())


def prepare_study(layout: StudyLayout, *, most_dealings: int | None = None) -> PreparedStudy:
    """Prepare all assessable fields of a design.

    Parameters
    ----------
    layout : StudyLayout
        The design.
    most_dealings : int, optional
        Of more dealings of start paths an even selection of about this many is used; all of them when left out.
    """
    panels = [path_panel(field.found.partnership.frame) for field in layout.fields]
    names = sorted({name for panel in panels for name in panel.names})
    signs, is_exact = sign_draws(max(len(names), 1), seed=SEED)
    if not is_exact:
        signs = np.vstack([np.ones(len(names)), signs])
    keys = list(dict.fromkeys(panel.design_key for panel in panels))
    dealt, own = _dealings(panels, keys, most_dealings)
    made: dict[tuple[object, ...], PreparedField] = {}
    fields = []
    for field, panel in zip(layout.fields, panels, strict=True):
        key = panel.design_key
        if key not in made:
            made[key] = _field(field, panel, names, keys.index(key))
        fields.append(replace(made[key], layout=field))
    return PreparedStudy(layout, tuple(fields), signs, dealt, own, tuple(_averages(layout, fields)))


def _averages(layout: StudyLayout, fields: Sequence[PreparedField]) -> Iterator[PooledFields]:
    positions = {field.layout.field: position for position, field in enumerate(fields)}
    for names in layout.pooled:
        if not set(names) <= set(positions):  # a part of a study has no average over all of it
            continue
        mine = tuple(positions[name] for name in names)
        levels = [(fields[at].partnership.fit.linear, fields[at].partnership.rows, fields[at].unit.size) for at in mine]
        yield prepare_pooled(mine, levels)


def _field(layout: FieldLayout, panel: PathPanel, names: list[str], dealing: int) -> PreparedField:
    found = layout.found
    fit, net = found.partnership.imputation, found.body.imputation
    if fit is None or net is None:
        raise EstimationError(f"field '{layout.field}': its design allows no estimate of both levels to calibrate")
    # The rows of the frame come first among those of the panel, and the fit says which of them it used.
    gross_rows, body_rows = fit.observations.rows, found.body.frame.rows
    body = np.array([layout.ags.index(name) for name in body_rows["unit"]], dtype=np.intp)
    seen = net.observations
    body_period = seen.period.astype(np.intp) - layout.first
    observed = weights_under(panel, panel.paths)
    return PreparedField(
        layout=layout,
        unit=panel.unit,
        period=panel.period,
        body=body[seen.rows],
        body_period=body_period,
        treated=observed.treated,
        body_treated=seen.treated,
        partnership=_level(fit, gross_rows, panel.unit.size, names),
        bodies=_level(net, np.arange(seen.rows.size, dtype=np.intp), seen.rows.size, names),
        group_time=_group_time(layout, panel.unit.size),
        first_year=_first_year(layout, panel.unit.size),
        changes=_changes(layout, panel.unit, panel.period, gross_rows),
        checks=sign_checks(panel, found.partnership.paths),
        dealing=dealing,
    )


def _level(fit: ImputationFit, rows: Ints, n: int, names: list[str]) -> Level:
    whole = replace(fit, terms=fit.terms[:1], term_weights=fit.term_weights[:, :1]).linear
    columns = np.array([names.index(name) for name in whole.cluster_names], dtype=np.intp)
    sandwiches = {
        kind: Sandwich(
            placed(score_matrix(whole, kind), rows, n),
            float(satterthwaite(whole, kind)[0]) if kind == "cr2" else whole.n_clusters - 1.0,
        )
        for kind in KINDS
    }
    bootstraps = {
        name: bootstrap_matrices(prepare(whole, variance)[0], columns, rows, n) for name, variance in WILD.items()
    }
    placed_weights: Floats = placed(whole.weights[:, 0], rows, n)
    return Level(placed_weights, sandwiches, bootstraps, fit, rows)


def _group_time(layout: FieldLayout, n: int) -> Floats | None:
    """Return how the partnership's rows enter the published average of group-time effects; None where there is none."""
    fit = layout.found.partnership.group_time
    linear = None if fit is None else replace(fit, aggregation="group").linear
    return None if fit is None or linear is None else placed(linear.weights[:, 0], fit.observations.rows, n)


def _first_year(layout: FieldLayout, n: int) -> tuple[Floats, Sandwich] | None:
    """Return weights and CR2 of the first year after the start in the event path; None without such a bin."""
    path = layout.found.partnership.paths.get(BIN)
    if path is None or "e=0" not in path.linear.terms:
        return None
    linear, rows = path.linear, path.observations.rows
    at = linear.terms.index("e=0")
    one = replace(linear, terms=("e=0",), weights=linear.weights[:, [at]])
    sandwich = Sandwich(placed(score_matrix(one, "cr2"), rows, n), float(satterthwaite(one, "cr2")[0]))
    return placed(one.weights[:, 0], rows, n), sandwich


def _changes(layout: FieldLayout, unit: Ints, period: Ints, used: Ints) -> Floats | None:
    """Return how the outcomes enter the change of each region; None where a region has no value before or after."""
    bodies = layout.bodies
    changes = np.zeros((bodies.n_units, unit.size))
    table = np.full((bodies.n_units, layout.n_periods), np.nan)
    table[unit[used], period[used]] = 0.0
    for row in used:
        table[unit[row], period[row]] = 1.0
        try:
            changes[:, row] = region_changes(table, bodies.start)[0]
        except EstimationError:
            return None
        table[unit[row], period[row]] = 0.0
    return changes


def _dealings(
    panels: Sequence[PathPanel], keys: list[tuple[object, ...]], most: int | None
) -> tuple[tuple[Dealt, ...], tuple[Dealt | None, ...]]:
    """Return the joint dealings of each distinct design and, where they are not all of its own, its own."""
    if not panels:
        return (), ()
    by_name = [dict(zip(panel.names, panel.paths, strict=True)) for panel in panels]
    paths = [tuple(known.get(name) for known in by_name) for name in sorted(set().union(*by_name))]
    every, is_exact = assignments(paths, seed=SEED)
    every = every[:: 1 if most is None else -(-len(every) // most)]
    joint, own = [], []
    for key in keys:
        position = next(k for k, panel in enumerate(panels) if panel.design_key == key)
        panel = panels[position]
        own_paths = [
            [path[position] for path in assignment if isinstance(path, tuple) and path[position] is not None]
            for assignment in every
        ]
        joint.append(_dealt(panel, own_paths))
        needs_own = not is_exact and count_assignments(panel.paths) <= ENUMERATION_LIMIT
        own.append(_dealt(panel, [list(a) for a in assignments(panel.paths, seed=SEED)[0]]) if needs_own else None)
    return tuple(joint), tuple(own)


def _dealt(panel: PathPanel, every: Sequence[Sequence[StartPath | Hashable]]) -> Dealt:
    n, g = panel.unit.size, len(panel.names)
    coefficients, scores = np.zeros((len(every), n)), np.zeros((len(every), g, n))
    missing = np.zeros(len(every), dtype=bool)
    for position, paths in enumerate(every):
        try:
            found = weights_under(panel, [path for path in paths if isinstance(path, StartPath)])
        except EstimationError:
            missing[position] = True
            continue
        coefficients[position], scores[position] = found.c, found.scores
    return Dealt(coefficients, scores, missing)
