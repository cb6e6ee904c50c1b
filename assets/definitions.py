"""The pipeline on one page: from a delivered workbook to a published evaluation.

    registry, reference   studies/<name>/         who and what is studied
    delivery              inbox -> ledger         ingest: delivery, delivery_cell, finding, arrival,
                                                  ledger_event; notice (reminders)
                                                  tidy: cost, caseload, staff, service_quality
    panel                 per evaluation quarter  delivery_calendar, panel, partnership
    estimate              per evaluation quarter  evaluate: estimate, event_path, design_card, verdict
    economics                                     published_case
    publish               per evaluation quarter  published_cell, release

An asset is the table of the same name; ``release`` is a folder. One job makes an evaluation, one schedule starts it
after the cut-off, one writes reminders, one sensor takes in what is dropped into the inbox. Everything of a run happens in one process.
"""

import dagster as dg

from assets import deliveries, economics, estimates, panel, publication, reference
from assets.checks import CHECKS
from assets.progress import progress
from assets.schedules import daily_reminders, delivery_job, evaluation, inbox, quarterly_evaluation, reminder_job
from assets.storage import Study, WarehouseIO

defs = dg.Definitions(
    assets=[
        reference.registry,
        reference.reference,
        deliveries.ingest,
        deliveries.tidy,
        deliveries.notice,
        panel.delivery_calendar,
        panel.panel,
        panel.partnership,
        estimates.evaluate,
        economics.published_case,
        publication.published_cell,
        publication.release,
    ],
    asset_checks=CHECKS,
    jobs=[evaluation, delivery_job, reminder_job],
    schedules=[quarterly_evaluation, daily_reminders],
    sensors=[inbox],
    resources={"io_manager": WarehouseIO(), "study": Study()},
    executor=dg.in_process_executor,
    loggers={"console": dg.colored_console_logger, "progress": progress},
)
