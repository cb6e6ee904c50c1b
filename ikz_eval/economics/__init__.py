"""Stage 4: what cost figures mean in EUR, beside the estimates.

Holds ``published_cases``: figures of cooperations that stand in print, compared with the same care as deliveries.
Break-even (Amortisation) and the transfer of an effect to other bodies belong here too. Estimating effects does not
(ikz_eval/estimate), nor does wording (ikz_eval/texts/economics.*.toml).
"""

from ikz_eval.economics.published_cases import compare_published

__all__ = ["compare_published"]
