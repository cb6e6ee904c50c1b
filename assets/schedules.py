"""When something starts by itself: the evaluation after its cut-off, the judging of what is dropped into the inbox.

The schedule looks every morning, so a missed morning is caught up the next one; a key made of quarter, study and
deliveries keeps the same evaluation from being started twice. Cut-off dates stand in study.toml.
"""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from assets.deliveries import FACTS, LEDGER
from assets.freshness import current_release
from assets.reference import REGISTRY
from ikz_eval.settings import Place, place
from ikz_eval.texts import day, text

if TYPE_CHECKING:
    from ikz_eval.registry import EvaluationQuarter, Registry

TIME_ZONE = "Europe/Berlin"

evaluation = dg.define_asset_job(
    "evaluation",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("notice"),
    description="One evaluation, whole: take in what has arrived, build the panel as of the cut-off, estimate, publish.",
)
delivery_job = dg.define_asset_job(
    "delivery",
    selection=dg.AssetSelection.assets(*REGISTRY, *LEDGER, *FACTS),
    description="Take the files of the inbox into the ledger, judge them, write the answers to the outbox.",
)

reminder_job = dg.define_asset_job(
    "reminders",
    selection=dg.AssetSelection.assets("notice"),
    description="Write the reminders that are due into the outbox, each once.",
)


@dg.schedule(
    name="quarterly_evaluation",
    job=evaluation,
    cron_schedule="0 6 * * *",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every morning at 6: evaluates the latest quarter whose cut-off has passed, if deliveries have come.",
)
def quarterly_evaluation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for the latest closed evaluation, or say in plain words why there is nothing to do."""
    from ikz_eval.registry import load_registry

    return due_evaluation(context.scheduled_execution_time, load_registry(), place(), context.instance)


def due_evaluation(
    now: datetime, registry: "Registry", at: Place, instance: dg.DagsterInstance
) -> dg.RunRequest | dg.SkipReason:
    """Return the run that is due at ``now`` (aware), or the reason why none is.

    Parameters
    ----------
    now : datetime
        The moment the tick was planned for, also when it is caught up later.
    registry : Registry
        The study with its cut-offs.
    at : Place
        Where deliveries and releases lie.
    instance : DagsterInstance
        Knows the runs that were started already.
    """
    closed = registry.closed(now)
    if not closed:
        return _skip("open", study=registry.study, now=_day(now))
    due = closed[-1]
    words = {"quarter": due.quarter, "cutoff": _day(due.cutoff)}
    waiting, ids = inbox_marks(at), arrived(at, due)
    if not ids and not waiting:
        return _skip("no_deliveries", **words)
    release = None if waiting else current_release(at, registry, due)
    if release is not None:
        return _skip("nothing_new", **words, release=release.name)
    key = run_key(due, registry.study_hash, [*ids, *waiting])
    started = instance.get_runs(dg.RunsFilter(job_name="evaluation", tags={"dagster/run_key": key}), limit=1)
    if started:
        return _skip("started", quarter=due.quarter, run=started[0].run_id, status=started[0].status.value.lower())
    return dg.RunRequest(run_key=key, partition_key=due.quarter)


def run_key(due: "EvaluationQuarter", study_hash: str, deliveries: list[str]) -> str:
    """Return a key that is the same exactly when quarter, study and deliveries are."""
    digest = hashlib.sha256("\n".join([study_hash, *sorted(deliveries)]).encode()).hexdigest()
    return f"{due.quarter}:{digest[:16]}"


def arrived(at: Place, due: "EvaluationQuarter") -> list[str]:
    """Return the ids of all deliveries that had arrived, and of withdrawals that were made, by the cut-off."""
    from ikz_eval.warehouse import Warehouse

    warehouse = Warehouse(at.warehouse, read_only=True)
    delivery, events = warehouse.read("delivery"), warehouse.read("ledger_event")
    made = events.loc[(events["event"] == "withdrawn") & (events["happened_at"] <= due.cutoff), "event_id"]
    return sorted([*delivery.loc[delivery["received_at"] <= due.cutoff, "delivery_id"], *made])


def inbox_marks(at: Place) -> list[str]:
    """Return name, size and time of every whole file in the inbox: deliveries on their way into the ledger."""
    from ikz_eval.delivery.inbox import shown_name
    from ikz_eval.delivery.ingest import settled_files

    marks = []
    for path in settled_files(at.inbox, datetime.now(UTC))[0]:
        # A file may be taken away by its sender, or by an ingestion, between the listing and this look.
        with suppress(FileNotFoundError):
            stat = path.stat()
            marks.append(f"{shown_name(path.name)} {stat.st_size} {stat.st_mtime_ns}")
    return marks


@dg.schedule(
    name="daily_reminders",
    job=reminder_job,
    cron_schedule="0 7 * * 1-5",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every working morning at 7: writes the reminders that are due before, at and after a due date.",
)
def daily_reminders() -> dg.RunRequest:
    """Ask for the reminders; a day without any writes nothing."""
    return dg.RunRequest()


@dg.sensor(
    name="inbox",
    job=delivery_job,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks into the inbox every 15 seconds and has new files judged. On from the start: a file that is "
    "dropped expects an answer, and judging one changes no evaluation that is closed.",
)
def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for a run of the deliveries when whole files lie in the inbox."""
    marks = inbox_marks(place())
    if not marks:
        return dg.SkipReason(text("pipeline.sensor.empty", "en"))
    return dg.RunRequest(run_key=hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16])


def _skip(reason: str, **values: str) -> dg.SkipReason:
    return dg.SkipReason(text(f"pipeline.schedule.{reason}", "en", **values))


def _day(moment: datetime) -> str:
    return day(moment.astimezone(ZoneInfo(TIME_ZONE)).date(), "en")
