"""The power of planned designs in words, as a table and as a figure.

Holds the sentences around the numbers, the lines of the table and the drawing. The numbers are power.py's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ikz_eval.calibration.noise import Noise
from ikz_eval.calibration.power import EFFECTS, Power
from ikz_eval.calibration.reasons import alike_in_words
from ikz_eval.publish.svg import FONT, INK, WORDS, Drawing, layer, quantity, render
from ikz_eval.texts import number, text

_WIDTH, _HEIGHT = 480, 300
_TICKS = [-20, -15, -10, -5]
_COLOURS = ("#00558c", "#b3541e", "#4a7a2c", "#7a4f9a", "#8a6d00")
_DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4])


@dataclass(frozen=True, slots=True)
class PowerReport:
    """What is shown of a study: its title, noise, designs, and sentences that must stand beside them.

    Attributes
    ----------
    study : str
        Title of the study.
    noise : Noise
        How errors arise.
    powers : tuple of Power
        The design as planned first.
    remarks : tuple of str
        What is assumed, and what the registered design allows, in the language of the report.
    draws : int
        Programmes drawn.
    are_starts_assumed : bool
        Whether the starts of the regions are an assumption.
    """

    study: str
    noise: Noise
    powers: tuple[Power, ...]
    remarks: tuple[str, ...]
    draws: int
    are_starts_assumed: bool = False

    def head(self, lang: str) -> tuple[str, ...]:
        """Return title, design, noise and remarks."""
        return (
            text("calibration.power.title", lang, study=self.study),
            _design(self.powers[0], lang),
            _noise(self.noise, lang),
            *self.remarks,
        )

    def note(self, lang: str) -> str:
        """Return how the numbers are meant."""
        fields = self.powers[0].study.fields
        return text("calibration.power.note", lang, draws=number(self.draws, lang), fields=fields)

    def why(self, lang: str) -> tuple[str, ...]:
        """Return for the designs that are not assessable why not, those alike in one sentence."""
        named = ((text(f"calibration.power.{each.study.name}", lang), each.reasons) for each in self.powers)
        return alike_in_words("calibration.power.why", lang, named)

    def table(self, effects: Sequence[float], lang: str) -> list[list[str]]:
        """Return header and a line a design: power at each effect, least savings by CR2 and by the verdict."""
        header = [
            text("calibration.power.column_design", lang),
            *(text("calibration.power.column_power", lang, effect=number(effect, lang)) for effect in effects),
            text("calibration.power.column_cr2", lang),
            text("calibration.power.column_supported", lang),
        ]
        return [header, *(_line(each, effects, lang) for each in self.powers)]

    def values(self) -> dict[str, object]:
        """Return everything as plain values, for programs."""
        return {
            "study": self.study,
            "draws": self.draws,
            "noise": {
                "noise_percent": round(100 * self.noise.scale, 3),
                "icc": round(self.noise.icc, 4),
                "autocorrelation": round(self.noise.autocorrelation, 4),
                "estimated_from": self.noise.quarter,
            },
            "remarks": list(self.remarks),
            "designs": [_values(each) for each in self.powers],
        }

    def rows(self) -> list[dict[str, object]]:
        """Return a row a design for the study's power.csv, without quarter and hash."""
        return [self._row(each) for each in self.powers]

    def _row(self, power: Power) -> dict[str, object]:
        shares = {f"power_{-effect:g}_percent": power.power.get(effect) for effect in EFFECTS}
        least = (power.cr2_percent, power.supported_one_percent, power.supported_percent)
        names = ("mde_cr2_percent", "mde_supported_one_percent", "mde_supported_percent")
        return {
            "design": power.study.name,
            "are_starts_assumed": self.are_starts_assumed,
            "noise_percent": f"{100 * self.noise.scale:.3f}",
            "icc": f"{self.noise.icc:.4f}",
            "autocorrelation": f"{self.noise.autocorrelation:.4f}",
            "noise_quarter": self.noise.quarter,
            "fields": power.study.fields,
            "draws": self.draws,
            **{name: None if share is None else f"{100 * share:.2f}" for name, share in shares.items()},
            **{
                name: None if value is None or not np.isfinite(value) else f"{value:.3f}"
                for name, value in zip(names, least, strict=True)
            },
        }

    def svg(self, lang: str, stem: str = "power") -> str:
        """Return the figure: power by size of the effect, a line a design."""
        mark = "mark_assumed" if self.noise.quarter is None else "mark_estimated"
        return render(self.drawing(lang), stem, text(f"calibration.power.{mark}", lang), lang)

    def drawing(self, lang: str) -> Drawing:
        """Return the figure before it is rendered."""
        shown = [each for each in self.powers if each.power]
        names = [text(f"calibration.power.{each.study.name}", lang) for each in shown]
        effects = sorted({effect for each in shown for effect in each.power}) or [0.0]
        x_axis = {
            "title": text("calibration.power.axis_effect", lang),
            "values": _TICKS,
            "format": "d",
            "grid": False,
        }
        y_axis = {"title": text("calibration.power.axis_power", lang), "values": [0, 20, 40, 60, 80, 100]}
        x = quantity("x", [min(effects) - 0.5, 6.0], x_axis)
        y = quantity("y", [0, 105], y_axis)
        layers = [layer([{"y": 80}], "rule", {"stroke": INK, "strokeDash": [2, 3]}, y=y)]
        ends = _apart([each.power[max(each.power)] * 100 for each in shown])
        for each, name, end, colour, dash in zip(shown, names, ends, _COLOURS, _DASHES, strict=False):
            points = [{"x": effect, "y": 100 * share} for effect, share in sorted(each.power.items())]
            style = {"stroke": colour, "strokeWidth": 2, "strokeDash": dash}
            layers.append(layer(points, "line", style, x=x, y=y))
            label = {"font": FONT, "fontSize": 11, "color": colour, "align": "left", "dx": 6}
            layers.append(layer([{"x": max(effects), "y": end, "words": name}], "text", label, x=x, y=y, text=WORDS))
        points_said = "; ".join(
            text(
                "calibration.power.point",
                lang,
                design=name,
                effect=number(effect, lang, 1),
                power=number(100 * share, lang),
            )
            for each, name in zip(shown, names, strict=True)
            for effect, share in sorted(each.power.items(), reverse=True)
        )
        return Drawing(
            layers,
            _WIDTH,
            _HEIGHT,
            text("calibration.power.title", lang, study=self.study),
            (
                text("calibration.power.lead", lang),
                _design(self.powers[0], lang),
                _noise(self.noise, lang),
                *self.remarks,
            ),
            text("calibration.power.description", lang, points=points_said),
        )


def _apart(values: Sequence[float], gap: float = 6.0) -> list[float]:
    """Return places for labels near the values, none closer to another than ``gap``."""
    places = np.empty(len(values))
    lowest = 2.0
    for position in np.argsort(values, kind="stable"):
        places[position] = lowest = max(values[position], lowest)
        lowest += gap
    return [float(place) for place in places]


def _design(power: Power, lang: str) -> str:
    study = power.study
    starts = sorted(region.start for region in study.treated if region.start is not None)
    before = study.quarters.index(starts[0])
    return text(
        "calibration.power.design",
        lang,
        regions=len(study.treated),
        bodies=sum(region.bodies for region in study.treated),
        blocks=len(study.blocks),
        before=before,
        after=len(study.quarters) - study.quarters.index(starts[-1]),
        fields=study.fields,
    )


def _noise(noise: Noise, lang: str) -> str:
    shown = {
        "noise": number(100 * noise.scale, lang, 1),
        "icc": number(100 * noise.icc, lang),
        "autocorrelation": number(noise.autocorrelation, lang, 2),
    }
    if noise.quarter is None:
        return text("calibration.power.noise_assumed", lang, **shown)
    return text("calibration.power.noise_estimated", lang, quarter=noise.quarter, **shown)


def _line(power: Power, effects: Sequence[float], lang: str) -> list[str]:
    name = text(f"calibration.power.{power.study.name}", lang)
    if power.reasons:
        return [name, text("calibration.power.not_assessable", lang), *[""] * (len(effects) + 1)]
    supported = f"{_least(power.supported_one_percent, lang)} / {_least(power.supported_percent, lang)}"
    shares = [number(100 * power.power[effect], lang) + " %" for effect in effects]
    return [name, *shares, _least(power.cr2_percent, lang), supported]


def _least(percent: float | None, lang: str) -> str:
    if percent is None or not np.isfinite(percent):
        return text("calibration.power.never", lang)
    return number(percent, lang, 1)


def _values(power: Power) -> dict[str, object]:
    finite = {
        name: None if value is None or not np.isfinite(value) else round(value, 3)
        for name, value in (
            ("mde_cr2_percent", power.cr2_percent),
            ("mde_supported_one_field_percent", power.supported_one_percent),
            ("mde_supported_percent", power.supported_percent),
        )
    }
    study = power.study
    return {
        "design": study.name,
        "regions": len(study.treated),
        "bodies": [region.bodies for region in study.treated],
        "starts": [region.start for region in study.treated],
        "blocks": len(study.blocks),
        "quarters": len(study.quarters),
        "fields": study.fields,
        "power": {f"{effect:g}": share for effect, share in power.power.items()},
        **finite,
        "reasons": list(power.reasons),
    }
