"""The time axis that figures share: quarters as whole numbers, the year at the first quarter."""

from typing import Any

from ikz_eval.texts import text


def quarter_axis(quarters: list[str], lang: str, orient: str = "bottom") -> dict[str, Any]:
    """Return an axis whose values 0, 1, … are labelled with ``quarters`` (keys such as ``2024-Q3``).

    The year stands below the first quarter of a year (above it at the top) and at the first quarter of all.
    """
    short = text("figures.axis.quarter", lang)
    labels = []
    for position, key in enumerate(quarters):
        year = key[:4] if key.endswith("Q1") or position == 0 else ""
        pair = [f"{short}{key[-1]}", year]
        labels.append(pair if orient == "bottom" else pair[::-1])
    return {
        "values": list(range(len(quarters))), "labelExpr": f"{labels!r}[datum.value]", "labelOverlap": False,
        "grid": False, "title": None, "orient": orient,
    }  # fmt: skip
