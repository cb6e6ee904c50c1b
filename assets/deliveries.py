"""Stage 1: what the bodies deliver. Files in the inbox become deliveries, cells, findings and tidy tables.

Unpartitioned and incremental: the ledger only grows, and only what is not yet in a table is added. Judging and reading
files is ikz_eval/delivery.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.reference import REGISTRY
from assets.shown import table
from assets.storage import Study, in_plain_words

LEDGER = {
    "delivery": "Every file that ever arrived, accepted or rejected, with the moment of its arrival.",
    "delivery_cell": "Every value of an accepted file, with sheet, row and column.",
    "finding": "What was found in a file: where, what is allowed, what to do.",
    "export_amount": "Amounts of the bodies' own exports, read by a layout; kept as evidence, never part of a result.",
    "arrival": "Every arrival of a file, also of one that had arrived before, with the sender as stated.",
    "ledger_event": "What happened to a delivery later: withdrawn by its sender, or its content removed by law.",
}
FACTS = {
    "cost": "What each body spent on each field in each quarter, by cost block, in cents.",
    "caseload": "How many cases each body's residents had.",
    "staff": "Staff in full-time equivalents (VZÄ).",
    "service_quality": "Waiting time, opening hours and online share.",
}


@dg.multi_asset(
    name="ingest",
    specs=[
        dg.AssetSpec(
            name, group_name="delivery", description=words, kinds={"sqlite"}, code_version="2", deps=[*REGISTRY]
        )
        for name, words in LEDGER.items()
    ],
)
@in_plain_words
def ingest(context: dg.AssetExecutionContext, study: dg.ResourceParam[Study]) -> Iterator[dg.MaterializeResult[object]]:
    """Take the files of the inbox into the ledger, judge each, write the answers to the outbox."""
    from ikz_eval.delivery.ingest import ingest as take_in

    def progress(done: int, total: int) -> None:
        if done == total or done % 50 == 0:
            context.log.info(f"{done} of {total} files")

    warehouse = study.warehouse
    report = take_in(study.place, study.registry, warehouse, progress=progress)
    shown = _taken_in(report, study)
    for name in LEDGER:
        yield dg.MaterializeResult(asset_key=name, metadata=_state(study, name) | (shown if name == "delivery" else {}))


@dg.multi_asset(
    name="tidy",
    specs=[
        dg.AssetSpec(
            name,
            group_name="delivery",
            description=words,
            kinds={"deltalake"},
            code_version="1",
            deps=["delivery", "delivery_cell"],
        )
        for name, words in FACTS.items()
    ],
)
@in_plain_words
def tidy(study: dg.ResourceParam[Study]) -> Iterator[dg.MaterializeResult[object]]:
    """Add the values of accepted deliveries that are not yet in the tables; one writer at a time."""
    from filelock import FileLock

    with FileLock(study.place.ledger / ".tidy.lock"):
        added = _tidy_missing(study)
    for name in FACTS:
        yield dg.MaterializeResult(asset_key=name, metadata=_state(study, name) | {"rows added": added[name]})


@dg.asset(group_name="delivery", kinds={"sqlite"}, code_version="1", deps=["delivery", "ledger_event"])
@in_plain_words
def notice(study: dg.ResourceParam[Study]) -> dg.MaterializeResult[object]:
    """Write the reminders that are due into the outbox, each once; shows who is late today."""
    from datetime import UTC, datetime

    from ikz_eval.delivery.reminders import write_reminders
    from ikz_eval.panel import calendar_at, standing

    moment, warehouse = datetime.now(UTC), study.warehouse
    counted = standing(warehouse.read("delivery"), warehouse.read("ledger_event"), moment)
    calendar = calendar_at(study.registry, counted, moment)
    paths = write_reminders(study.place, study.registry, warehouse, calendar, moment)
    late = calendar[calendar["status"].isin(("missing", "rejected"))]
    return dg.MaterializeResult(
        metadata=_state(study, "notice")
        | {
            "reminders written": len(paths),
            "overdue": table(late[["ags", "quarter", "due_on", "status"]].tail(50)),
            "outbox": dg.MetadataValue.path(study.place.outbox),
        }
    )


def _tidy_missing(study: Study) -> dict[str, int]:
    """Append what is missing, table by table, and return the rows added to each."""
    from ikz_eval.delivery.tidy import tidy as tidy_cells

    warehouse = study.warehouse
    delivery = warehouse.read("delivery")
    accepted = delivery[delivery["status"] == "accepted"]
    lacking = {name: set(accepted["delivery_id"]) - set(warehouse.read(name)["delivery_id"]) for name in FACTS}
    wanted = set().union(*lacking.values())
    if not wanted:
        return dict.fromkeys(FACTS, 0)
    frames = tidy_cells(
        warehouse.read("delivery_cell", delivery_ids=wanted),
        accepted[accepted["delivery_id"].isin(wanted)].reset_index(drop=True),
    )
    added = {}
    for name, ids in lacking.items():
        rows = frames[name][frames[name]["delivery_id"].isin(ids)]
        warehouse.append(name, rows)
        added[name] = len(rows)
    return added


def _state(study: Study, name: str) -> dict[str, Any]:
    """Return rows and columns of a table as it stands now."""
    from assets.contracts import table_metadata

    return table_metadata(name, study.warehouse.count(name))


def _taken_in(report: Any, study: Study) -> dict[str, Any]:
    """Return what staff want to know of an ingestion: how many, which were rejected, where the answers lie."""
    taken = report.taken
    rejected = taken[taken["status"] == "rejected"]
    lines = [f"- {row.file_name}: rejected, see the answer in the outbox" for row in rejected.head(20).itertuples()]
    return {
        "files taken in": len(taken),
        "files rejected": len(rejected),
        "files known already": len(report.known),
        "files left for later": ", ".join(report.waiting) or "none",
        "rejected files": dg.MetadataValue.md("\n".join(lines) or "none"),
        "answers": dg.MetadataValue.path(study.place.outbox),
    }
