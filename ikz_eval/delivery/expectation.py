"""What the study expects of a delivery: bodies, fields, quarters, agreements, as plain look-ups.

Built once per file from the registry, so that rules stay free of frames.
"""

from dataclasses import dataclass

from ikz_eval.registry.model import Registry


@dataclass(frozen=True, slots=True)
class Expected:
    """What a delivery to this study may say.

    Attributes
    ----------
    is_invented : bool
        Whether the study is the demonstration.
    first_quarter, last_quarter : str
        First and last quarter that may be delivered.
    bodies : dict of str to str
        AGS -> name.
    fields : dict of str to str
        Key of a delivered field -> its German name, in the order of the form.
    partner_since : dict of (ags, field) to str
        First day of the earliest agreement (ISO), empty when unknown; absent without agreement.
    """

    is_invented: bool
    first_quarter: str
    last_quarter: str
    bodies: dict[str, str]
    fields: dict[str, str]
    partner_since: dict[tuple[str, str], str]


def expect(registry: Registry) -> Expected:
    """Return what deliveries to this study may say."""
    fields = registry.fields
    return Expected(
        is_invented=registry.is_invented,
        first_quarter=registry.first_quarter,
        last_quarter=registry.evaluations[-1].quarter,
        bodies=dict(zip(registry.bodies["ags"].tolist(), registry.bodies["name"].tolist(), strict=True)),
        fields={
            key: name
            for key, name, is_delivered in zip(
                fields["field"].tolist(), fields["name_de"].tolist(), fields["is_delivered"].tolist(), strict=True
            )
            if is_delivered
        },
        partner_since=_partner_since(registry),
    )


def _partner_since(registry: Registry) -> dict[tuple[str, str], str]:
    rows = registry.agreements
    since: dict[tuple[str, str], str] = {}
    columns = [rows[name].tolist() for name in ("ags", "field", "start", "status")]
    for ags, field, start, status in zip(*columns, strict=True):
        if status == "planned":
            continue
        first_day = start if isinstance(start, str) else ""
        since[ags, field] = min(since.get((ags, field), first_day), first_day)
    return since
