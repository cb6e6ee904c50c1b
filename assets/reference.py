"""Stage 0: who and what is studied, as reviewed in studies/<name>, written to tables so that everyone can look.

Reading and checking the files is ikz_eval/registry; nothing is fetched from anywhere.
"""

from collections.abc import Iterator

import dagster as dg

from assets.storage import Study, in_plain_words

REGISTRY = {
    "body": "The districts and cities that are studied, each with its model region or comparison block.",
    "region": "The model regions (treated together) and the blocks of comparison bodies.",
    "cooperation_field": "The tasks in which bodies cooperate.",
    "agreement": "Who cooperates with whom in which field since when; sources that disagree stand side by side.",
    "grant": "Grants to the regions, a row per source.",
    "correction": "Known errors of sources and the values they are replaced by.",
}
REFERENCE = {
    "price_index": "Consumer prices (VPI) and pay scale (TVöD) by quarter; where a series ends, it ends.",
    "population": "Inhabitants of the bodies.",
    "vehicle_stock": "Vehicles by registration district (Zulassungsbezirk).",
    "registration_district": "Which registration district a body belongs to.",
    "employment": "Employees at their place of work.",
    "published_figure": "Figures about other cooperations that stand in print, word for word.",
}
_ATTRIBUTES = {
    "body": "bodies",
    "region": "regions",
    "cooperation_field": "fields",
    "agreement": "agreements",
    "grant": "grants",
    "correction": "corrections",
}


def _outs(group: str, tables: dict[str, str]) -> dict[str, dg.AssetOut]:
    return {
        name: dg.AssetOut(group_name=group, description=words, kinds={"deltalake", "csv"}, code_version="1")
        for name, words in tables.items()
    }


def _tables(study: Study, names: dict[str, str]) -> Iterator[dg.MaterializeResult[object]]:
    registry = study.registry
    for name in names:
        yield dg.MaterializeResult(
            asset_key=name,
            value=getattr(registry, _ATTRIBUTES.get(name, name)),
            metadata={"study": registry.study, "study_hash": registry.study_hash, "invented": registry.is_invented},
        )


@dg.multi_asset(name="registry", outs=_outs("registry", REGISTRY))
@in_plain_words
def registry(study: dg.ResourceParam[Study]) -> Iterator[dg.MaterializeResult[object]]:
    """Write the study's own tables: bodies, regions, fields, agreements, grants, corrections."""
    yield from _tables(study, REGISTRY)


@dg.multi_asset(name="reference", outs=_outs("reference", REFERENCE))
@in_plain_words
def reference(study: dg.ResourceParam[Study]) -> Iterator[dg.MaterializeResult[object]]:
    """Write the reference series the study ships with their sources."""
    yield from _tables(study, REFERENCE)
