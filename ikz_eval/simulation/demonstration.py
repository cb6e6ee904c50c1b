"""The demonstration's deliveries in the inbox of a place, written once.

Holds the decision whether there is anything to write: a note in the place (demo.json) says what lies there. Writing
files is files.py; ingesting them is ``ikz ingest``.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ikz_eval.errors import StudyError
from ikz_eval.registry import Registry
from ikz_eval.settings import Place
from ikz_eval.simulation.files import ARRIVALS, deliveries_digest, write_deliveries
from ikz_eval.simulation.land import study_quarters
from ikz_eval.simulation.programme import simulate
from ikz_eval.simulation.truth import load_truth

NOTE = "demo.json"


@dataclass(frozen=True, slots=True)
class DemonstrationNote:
    """What invented deliveries a place has been given.

    Attributes
    ----------
    seed : int
        Seed of the programme.
    study_hash : str
        Study the deliveries were made from.
    digest : str
        SHA-256 of what all deliveries of the programme say and when they arrive.
    quarters : tuple of str
        Quarters written.
    """

    seed: int
    study_hash: str
    digest: str
    quarters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemonstrationReport:
    """What ``write_demonstration`` did: files written (0 when all were there already), seed and quarters there now."""

    written: int
    seed: int
    quarters: tuple[str, ...]


def write_demonstration(
    place: Place,
    registry: Registry,
    *,
    seed: int | None = None,
    quarters: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DemonstrationReport:
    """Write the invented deliveries into the inbox of a place, unless they were written before.

    Parameters
    ----------
    place : Place
        Where the study's data are kept.
    registry : Registry
        The invented study.
    seed : int, optional
        Seed; when left out that of the deliveries already there, else that of simulation.toml.
    quarters : sequence of str, optional
        Quarters to write; all of the study when left out.
    progress : callable, optional
        Called with the number of files written and their total.

    Raises
    ------
    StudyError
        If the study is not invented, or the place holds deliveries of another seed or of another invented Land.
    """
    truth = load_truth(registry)
    note = _read_note(place)
    if seed is None:
        seed = note.seed if note else truth.demonstration.seed
    if note and note.seed == seed and note.study_hash == registry.study_hash and _covers(note, registry, quarters):
        return DemonstrationReport(0, seed, note.quarters)
    programme = simulate(registry, seed, truth)
    wanted = tuple(programme.land.quarters if quarters is None else quarters)
    digest = deliveries_digest(programme)
    if note and (note.seed, note.digest) != (seed, digest):
        raise StudyError(_conflict(place, note, seed))
    there = set(note.quarters) if note else set()
    missing = [quarter for quarter in wanted if quarter not in there]
    written = write_deliveries(programme, registry, place.inbox, progress, missing) if missing else 0
    now_there = tuple(sorted(there | set(wanted)))
    _write_note(place, DemonstrationNote(seed, registry.study_hash, digest, now_there))
    return DemonstrationReport(written, seed, now_there)


def _covers(note: DemonstrationNote, registry: Registry, quarters: Sequence[str] | None) -> bool:
    return set(study_quarters(registry) if quarters is None else quarters) <= set(note.quarters)


def _conflict(place: Place, note: DemonstrationNote, seed: int) -> str:
    what = f"seed {note.seed}, not {seed}" if note.seed != seed else "an earlier edition of the invented Land"
    return (
        f"{place.study}/{NOTE}: the place already holds deliveries of {what}; two programmes never share one place: "
        f"set IKZ_DATA to another folder, or remove the folder '{place.study}' of the one in use"
    )


def _read_note(place: Place) -> DemonstrationNote | None:
    """Return the note of a place; None when there is none, or what it speaks of has been removed."""
    path = place.home / NOTE
    if not path.is_file() or not (place.ledger.exists() or (place.inbox / ARRIVALS).exists()):
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return DemonstrationNote(**{**content, "quarters": tuple(content["quarters"])})
    except (ValueError, TypeError, KeyError) as error:
        raise StudyError(
            f"{place.study}/{NOTE} cannot be read ({error}); remove it, and the deliveries are written again: those "
            "already ingested are recognised by their content"
        ) from error


def _write_note(place: Place, note: DemonstrationNote) -> None:
    part = place.home / f".{NOTE}.part"
    part.write_text(json.dumps(asdict(note), indent=1) + "\n", encoding="utf-8")
    part.replace(place.home / NOTE)
