"""The lock that lets one ingestion at a time change the ledger, and a backup see it between two of them."""

from filelock import FileLock

from ikz_eval.settings import Place


def ledger_lock(place: Place) -> FileLock:
    """Return the lock of a study's ledger; whoever holds it finds inbox, ledger and tables in agreement."""
    place.ledger.mkdir(parents=True, exist_ok=True)
    return FileLock(place.ledger / ".ingest.lock")
