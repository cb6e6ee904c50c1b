"""The warehouse as Dagster sees it: tables by asset name, the evaluation quarter as partition, errors in plain words.

Holds the IO manager, the resource that gives assets their study, and the edge where an error of ours becomes a failure
a person can act on. What a table is stands in schemas/, how it is stored in ikz_eval/warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cache, wraps
from inspect import isgeneratorfunction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import dagster as dg

from ikz_eval.errors import IkzError
from ikz_eval.settings import Place, place

if TYPE_CHECKING:
    import pandas as pd

    from ikz_eval.registry import Registry
    from ikz_eval.warehouse import Warehouse

P = ParamSpec("P")
T = TypeVar("T")


class Study:
    """The study that IKZ_STUDY names, its place under IKZ_DATA, and its tables."""

    @property
    def place(self) -> Place:
        """Folders of the study."""
        return place()

    @property
    def registry(self) -> Registry:
        """The study's files, read and checked once in a run."""
        return _registry(self.place.study_folder)

    @property
    def warehouse(self) -> Warehouse:
        """The study's tables."""
        from ikz_eval.warehouse import Warehouse

        return Warehouse(self.place.warehouse)


@cache
def _registry(folder: Path) -> Registry:
    from ikz_eval.registry import load_registry

    return load_registry(folder)


class WarehouseIO(dg.IOManager):
    """Writes an asset's frame to the table of the same name and reads it back; partition = evaluation quarter."""

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Write the table, its contract checked on the way; show rows and columns in the catalogue."""
        from assets.contracts import table_metadata

        table = context.asset_key.path[-1]
        quarter = context.partition_key if context.has_asset_partitions else None
        with plainly(f"table '{table}'"):
            Study().warehouse.write(table, obj, quarter)
        context.add_output_metadata(table_metadata(table, len(obj)))

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """Read the table; one evaluation quarter of it when exactly one is asked for, otherwise all."""
        table = context.asset_key.path[-1]
        quarters = context.asset_partition_keys if context.has_asset_partitions else []
        with plainly(f"table '{table}'"):
            return Study().warehouse.read(table, quarters[0] if len(quarters) == 1 else None)


class plainly:  # noqa: N801 - reads as a word: with plainly("panel"): …
    """Turn an error of ours into a failure whose description is the message itself, without a way of telling it apart.

    Parameters
    ----------
    what : str
        What was being made, named first in the message.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise the failure people read in the UI; anything that is not ours passes as it is."""
        if isinstance(error, IkzError):
            raise failure(self.what, error) from error


def failure(what: str, error: IkzError) -> dg.Failure:
    """Return the failure of ``what``: cause and remedy first, then where to go on."""
    from ikz_eval.texts import text

    return dg.Failure(
        description=text("pipeline.failure", "en", what=what, message=str(error)),
        metadata={"cause": dg.MetadataValue.text(str(error)), "kind": type(error).__name__},
        allow_retries=False,
    )


def in_plain_words(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate an asset: an error of ours fails the run with its own message (cause and remedy)."""
    what = function.__name__.replace("_", " ")
    if isgeneratorfunction(function):

        @wraps(function)
        def each(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, None, None]:
            with plainly(what):
                yield from function(*args, **kwargs)

        return each  # type: ignore[return-value]

    @wraps(function)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        with plainly(what):
            return function(*args, **kwargs)

    return whole
