"""Deliveries of the invented programme as real files in an inbox, with planted arrival times.

Holds what a body's clerk would do: fill in the official form and drop it. How a form looks stands in
ikz_eval/delivery; ingesting the files is ``ikz ingest``. The same programme gives the same bytes.
"""

import csv
import io
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from ikz_eval.delivery.content import DeliveryContent
from ikz_eval.delivery.csv_form import filled_csv
from ikz_eval.delivery.expectation import Expected, expect
from ikz_eval.delivery.template import filled_workbook
from ikz_eval.errors import StudyError
from ikz_eval.registry import Registry
from ikz_eval.simulation.arrivals import arrival_table
from ikz_eval.simulation.frames import file_names, form_of_body
from ikz_eval.simulation.programme import SimulatedProgramme
from ikz_eval.texts import text
from schemas.vocabulary import COST_BLOCKS, SERVICE_INDICATORS

ARRIVALS = "arrivals.csv"
OLD = datetime(2020, 7, 1, tzinfo=UTC).timestamp()
"""Time stamp of every written file: long past, so that no file looks as if it were still being copied."""


def write_deliveries(
    programme: SimulatedProgramme,
    registry: Registry,
    inbox: Path,
    progress: Callable[[int, int], None] | None = None,
    quarters: Sequence[str] | None = None,
) -> int:
    """Write the deliveries of a programme into an inbox, each file whole or not at all.

    Parameters
    ----------
    programme : SimulatedProgramme
        A draw.
    registry : Registry
        Its study.
    inbox : Path
        Folder; made when it does not exist. ``arrivals.csv`` in it gets the planted arrival times first.
    progress : callable, optional
        Called with the number of files written and their total.
    quarters : sequence of str, optional
        Quarters to write; all when left out.

    Returns
    -------
    int
        Number of files written.

    Raises
    ------
    StudyError
        If the study is not invented.
    """
    if not registry.is_invented:
        raise StudyError(
            f"studies/{registry.study} is a study of real bodies; invented deliveries are never written into it"
        )
    inbox.mkdir(parents=True, exist_ok=True)
    names, expected = file_names(programme.land, programme.arrivals), expect(registry)
    chosen = _chosen(programme, quarters)
    _write(inbox / ARRIVALS, _arrivals_csv(programme, names, chosen, inbox / ARRIVALS))
    for done, delivery in enumerate(chosen, start=1):
        _write(inbox / names[delivery], _file(programme, registry, expected, delivery))
        if progress:
            progress(done, len(chosen))
    return len(chosen)


def delivery_content(programme: SimulatedProgramme, delivery: int) -> DeliveryContent:
    """Return what stands in one delivery, values in canonical decimal form."""
    land, arrivals, delivered = programme.land, programme.arrivals, programme.delivered
    values: dict[tuple[str, str, str], str] = {}
    for index, field in enumerate(land.fields):
        for block, cents in zip(COST_BLOCKS, delivered.cost_cents[delivery, index], strict=True):
            values["cost", field, block] = f"{cents // 100}.{cents % 100:02d}"
        total = delivered.total_cents[delivery, index]
        values["control", field, "total"] = f"{total // 100}.{total % 100:02d}"
        values["caseload", field, "cases"] = str(delivered.cases[delivery, index])
        hundredths = delivered.staff_hundredths[delivery, index]
        values["staff", field, "staff_fte"] = f"{hundredths // 100}.{hundredths % 100:02d}"
        for indicator, tenths in zip(SERVICE_INDICATORS, delivered.service_tenths[delivery, index], strict=True):
            values["service_quality", field, indicator] = f"{tenths // 10}.{tenths % 10}"
    return DeliveryContent(
        ags=land.bodies[arrivals.body[delivery]],
        quarter=land.quarters[arrivals.quarter[delivery]],
        values=values,
        remarks=(text("simulation.corrected_remark"),) if arrivals.version[delivery] > 1 else (),
    )


def deliveries_digest(programme: SimulatedProgramme) -> str:
    """Return the SHA-256 of what the deliveries say and when they arrive, hexadecimal."""
    digest = sha256()
    delivered = programme.delivered
    figures = (delivered.cases, delivered.staff_hundredths, delivered.service_tenths)
    for array in (delivered.cost_cents, delivered.total_cents, *figures):
        digest.update(array.astype("<i8").tobytes())
    names = file_names(programme.land, programme.arrivals)
    digest.update(arrival_table(programme.arrivals, names).to_csv(index=False, lineterminator="\n").encode())
    digest.update("|".join(programme.land.fields).encode())
    return digest.hexdigest()


def _chosen(programme: SimulatedProgramme, quarters: Sequence[str] | None) -> list[int]:
    known = programme.land.quarters
    unknown = [quarter for quarter in quarters or () if quarter not in known]
    if unknown:
        raise StudyError(f"no deliveries of {', '.join(unknown)}; the invented programme has {known[0]} to {known[-1]}")
    wanted = set(known if quarters is None else quarters)
    return [delivery for delivery, quarter in enumerate(programme.arrivals.quarter) if known[quarter] in wanted]


def _file(programme: SimulatedProgramme, registry: Registry, expected: Expected, delivery: int) -> bytes:
    content, form = delivery_content(programme, delivery), form_of_body(int(programme.arrivals.body[delivery]))
    return filled_workbook(expected, content) if form == "workbook" else filled_csv(registry, content, form)


def _arrivals_csv(programme: SimulatedProgramme, names: list[str], chosen: list[int], path: Path) -> bytes:
    """Return arrivals.csv with the planted times; rows about other files are kept."""
    planted = arrival_table(programme.arrivals, names).iloc[chosen]
    times: dict[str, str] = {}
    if path.is_file():
        times = {
            row["file_name"]: row["received_at"]
            for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        }
    times |= dict(zip(planted["file_name"], planted["received_at"], strict=True))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["file_name", "received_at"])
    writer.writerows(sorted(times.items()))
    return out.getvalue().encode()


def _write(path: Path, data: bytes) -> None:
    """Write under a name that ingestion leaves alone, then rename: nobody sees half a file."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.utime(part, (OLD, OLD))
    part.replace(path)
