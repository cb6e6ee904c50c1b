"""datapackage.json: what stands in the CSV files, as a Frictionless Data Package.

Describes columns, types and units of tables/*.csv from the same list the tables are written from, so that both cannot
drift apart. Checksums stand in manifest.json.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from ikz_eval.publish.columns import TABLES, Column
from ikz_eval.publish.csv_tables import MARK, NOTES
from ikz_eval.publish.mark import mark
from ikz_eval.registry import Registry
from ikz_eval.texts import text

LANG = "de"
_TYPES = {"integer": "integer", "decimal": "number", "percent": "number", "change": "number", "as_printed": "number"}


def datapackage_bytes(registry: Registry, evaluation_quarter: str, number: int, release: Path) -> bytes:
    """Return the package description of the CSV files that lie in ``release``."""
    package: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": f"ikz-{registry.study}-{evaluation_quarter}-r{number}".lower(),
        "title": f"{registry.title(LANG)}: {evaluation_quarter}, r{number}",
        "description": mark(registry, LANG),
        "version": f"{number}.0.0",
        "keywords": [mark(registry, LANG)],
        "resources": [_resource(table, release / "tables" / f"{table}.csv", registry) for table in TABLES],
    }
    return (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _resource(table: str, path: Path, registry: Registry) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "profile": "tabular-data-resource",
        "name": table.lower(),
        "path": f"tables/{table}.csv",
        "title": text(f"publish.table.{table}", LANG),
        "description": f"{mark(registry, LANG)}. {text(f'publish.about.{table}', LANG)}",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{sha256(content).hexdigest()}",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
        "schema": {
            "missingValues": [""],
            "fields": [_field(MARK), *(_field(column.key, column) for column in TABLES[table]), _field(NOTES)],
        },
    }


def _field(key: str, column: Column | None = None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": key,
        "type": "string"
        if column is None
        else "boolean"
        if column.kind == "flag"
        else _TYPES.get(column.kind, "string"),
        "title": text(f"publish.column.{key}", LANG),
        "description": text(f"publish.describe.{key}", LANG),
    }
    if column is not None and column.kind == "flag":
        described |= {"trueValues": ["true"], "falseValues": ["false"]}
    if column is not None and column.unit:
        described["unit"] = text(f"publish.unit.{column.unit}", LANG)
    return described
