"""Data contracts: one pandera model per warehouse table, named like the table, in pipeline order.

A newcomer reads contracts.py to know every table, column and unit. No function of the pipeline belongs here. The names
are loaded when they are first asked for (PEP 562): a clerk's ``ikz check`` needs the words of vocabulary.py alone, and
pandera takes a second to load.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemas.base import TABLE_SCHEMA_VERSION, Contract
    from schemas.contracts import CONTRACTS, EVALUATION_TABLES, LEDGER_TABLES

__all__ = ["CONTRACTS", "EVALUATION_TABLES", "LEDGER_TABLES", "TABLE_SCHEMA_VERSION", "Contract"]
_HOME = {
    "CONTRACTS": "schemas.contracts",
    "EVALUATION_TABLES": "schemas.contracts",
    "LEDGER_TABLES": "schemas.contracts",
    "TABLE_SCHEMA_VERSION": "schemas.base",
    "Contract": "schemas.base",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'schemas' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
