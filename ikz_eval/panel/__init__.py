"""Stage 2, panel: what was delivered as of a cut-off, at constant prices, with the time since cooperation began.

The public functions: ``valid_deliveries`` (which version counts), ``build_panel`` (body, field, quarter),
``build_partnership`` (region or block, field, quarter) and ``build_calendar`` (who has delivered). Reading files and
estimating effects do not belong here. Equations and exclusions: docs/methods/panel.md.
"""

from ikz_eval.panel.build import build_panel
from ikz_eval.panel.calendar import build_calendar, calendar_at
from ikz_eval.panel.partnership import build_partnership
from ikz_eval.panel.versions import standing, valid_deliveries

__all__ = ["build_calendar", "build_panel", "build_partnership", "calendar_at", "standing", "valid_deliveries"]
