"""Arrays of the invented programme as the frames of the contracts.

Holds the long form: one row per delivered value, typed as the warehouse wants it. Nothing is drawn here.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ikz_eval.simulation.arrivals import Arrivals
from ikz_eval.simulation.land import Ints, Land
from ikz_eval.warehouse import typed
from schemas.vocabulary import COST_BLOCKS, SERVICE_INDICATORS

LAYOUTS = ("workbook", "semicolon_cp1252", "comma_utf8_bom")
"""Forms of delivery; the bodies take turns in the order of bodies.csv, and each body keeps its own."""


def form_of_body(body: int) -> str:
    """Return the form in which a body delivers."""
    return LAYOUTS[body % len(LAYOUTS)]


def file_name(land: Land, body: int, quarter: int, version: int) -> str:
    """Return the name of a delivery's file: X0101_2024-Q3.xlsx, a corrected one X0101_2024-Q3_v2.xlsx."""
    suffix = ".xlsx" if form_of_body(body) == "workbook" else ".csv"
    again = "" if version == 1 else f"_v{version}"
    return f"{land.bodies[body]}_{land.quarters[quarter]}{again}{suffix}"


def fingerprints(seed: int, land: Land, body: Ints, quarter: Ints, version: Ints) -> list[str]:
    """Return what stands for the SHA-256 of a file where no file is written, hexadecimal."""
    return [
        sha256(f"{seed}|{land.bodies[b]}|{land.quarters[q]}|{v}".encode()).hexdigest()
        for b, q, v in zip(body, quarter, version, strict=True)
    ]


def delivery_frame(seed: int, land: Land, arrivals: Arrivals) -> pd.DataFrame:
    """Return the table ``delivery`` of a programme that never became files."""
    prints = fingerprints(seed, land, arrivals.body, arrivals.quarter, arrivals.version)
    names = file_names(land, arrivals)
    received = pd.Series(list(arrivals.received_at)).astype("datetime64[us, UTC]")
    frame = pd.DataFrame(
        {
            "delivery_id": [digest[:12] for digest in prints],
            "sha256": prints,
            "file_name": names,
            "stored_as": [f"{digest}.{name.rsplit('.', 1)[1]}" for digest, name in zip(prints, names, strict=True)],
            "byte_count": 0,
            "layout": [f"simulation_{form_of_body(body)}" for body in arrivals.body],
            "ags": [land.bodies[body] for body in arrivals.body],
            "quarter": [land.quarters[quarter] for quarter in arrivals.quarter],
            "version": arrivals.version,
            "status": "accepted",
            "is_invented": True,
            "received_at": received,
            "ingested_at": received,
        }
    )
    return typed("delivery", frame)


def file_names(land: Land, arrivals: Arrivals) -> list[str]:
    """Return the file name of each delivery."""
    return [
        file_name(land, body, quarter, version)
        for body, quarter, version in zip(arrivals.body, arrivals.quarter, arrivals.version, strict=True)
    ]


def cost_frame(land: Land, body: Ints, quarter: Ints, ids: pd.Series, cents: Ints) -> pd.DataFrame:
    """Return the table ``cost``; ``cents`` of shape (D, F, blocks)."""
    keys = _keys(land, body, quarter, ids, len(COST_BLOCKS))
    blocks = _repeat_codes(COST_BLOCKS, len(ids) * len(land.fields))
    return pd.DataFrame({**_head(keys), "cost_block": blocks, "amount_cents": cents.ravel(), **_tail(keys)})


def caseload_frame(land: Land, arrivals: Arrivals, ids: pd.Series, cases: Ints) -> pd.DataFrame:
    """Return the table ``caseload``; ``cases`` of shape (D, F)."""
    keys = _keys(land, arrivals.body, arrivals.quarter, ids, 1)
    return pd.DataFrame({**_head(keys), "cases": cases.ravel(), **_tail(keys)})


def staff_frame(land: Land, arrivals: Arrivals, ids: pd.Series, hundredths: Ints) -> pd.DataFrame:
    """Return the table ``staff``; ``hundredths`` of shape (D, F)."""
    keys = _keys(land, arrivals.body, arrivals.quarter, ids, 1)
    return pd.DataFrame({**_head(keys), "staff_fte": hundredths.ravel() / 100, **_tail(keys)})


def service_frame(land: Land, arrivals: Arrivals, ids: pd.Series, tenths: Ints) -> pd.DataFrame:
    """Return the table ``service_quality``; ``tenths`` of shape (D, F, indicators)."""
    keys = _keys(land, arrivals.body, arrivals.quarter, ids, len(SERVICE_INDICATORS))
    indicators = _repeat_codes(SERVICE_INDICATORS, len(ids) * len(land.fields))
    return pd.DataFrame({**_head(keys), "indicator": indicators, "value": tenths.ravel() / 10, **_tail(keys)})


def _keys(land: Land, body: Ints, quarter: Ints, ids: pd.Series, values: int) -> dict[str, pd.Series]:
    """Return the key columns for D deliveries, F fields and ``values`` values each."""
    n_fields = len(land.fields)
    field = np.tile(np.repeat(np.arange(n_fields), values), len(ids))
    rows = np.repeat(np.arange(len(ids)), n_fields * values)
    return {
        "ags": _coded(land.bodies, np.asarray(body)[rows]),
        "field": _coded(land.fields, field),
        "quarter": _coded(land.quarters, np.asarray(quarter)[rows]),
        "delivery_id": ids.take(rows).reset_index(drop=True),
    }


def _head(keys: dict[str, pd.Series]) -> dict[str, pd.Series]:
    return {name: keys[name] for name in ("ags", "field", "quarter")}


def _tail(keys: dict[str, pd.Series]) -> dict[str, pd.Series]:
    return {"delivery_id": keys["delivery_id"]}


def _repeat_codes(words: Sequence[str], times: int) -> pd.Series:
    return _coded(words, np.tile(np.arange(len(words)), times))


def _coded(words: Sequence[str], codes: NDArray[np.int64]) -> pd.Series:
    return pd.Series(words, dtype="str").take(codes).reset_index(drop=True)
