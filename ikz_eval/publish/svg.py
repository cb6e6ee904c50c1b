"""From a chart to the text of a published SVG: header, mark, description, stable ids.

Holds what every figure shares: the way a layer is written, rendering with vl-convert, the header with the mark of the
release, the words a screen reader speaks. What a single figure shows stands in the modules named
``*_chart``. Layers are plain Vega-Lite: importing Altair and validating takes longer than all the drawing.
"""

import re
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any, Literal

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Metrics of the first are built into vl-convert; the next two have the same widths, so text fits in a browser too."""
INK = "#1a1a1a"
FAINT = "#6b6b6b"
GRID = "#e3e3e3"
BANNER_FILL = "#7a1f1f"
CHAR_WIDTH = 0.56
"""Mean width of a character over the font size, with room for a wider substitute font."""
_MARGIN = 14
_FORMAT_LOCALES: dict[str, Literal["de-DE", "en-US"]] = {"de": "de-DE", "en": "en-US"}
_ROOT = re.compile(r'<svg[^>]*viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"[^>]*>(?P<inside>.*)</svg>', re.DOTALL)
_IDS = re.compile(r'(\bid="|url\(#|href="#)')


Layer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with the words that go round it.

    Attributes
    ----------
    layers : list of dict
        Vega-Lite layers, drawn over each other.
    width, height : int
        Size of the plotting area [px].
    title : str
        What the figure shows.
    lines : tuple of str
        How to read it, one sentence a line, below the title.
    description : str
        The numbers of the figure in words, for people who do not see it.
    """

    layers: list[Layer]
    width: int
    height: int
    title: str
    lines: tuple[str, ...]
    description: str


def layer(values: list[dict[str, Any]], mark: str, style: dict[str, Any], **encoding: Any) -> Layer:
    """Return one Vega-Lite layer: a mark of a style for each of ``values``."""
    return {"data": {"values": values}, "mark": {"type": mark, **style}, "encoding": encoding}


def quantity(field: str, domain: list[float] | None = None, axis: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a numeric position; scale and axis are given by one layer and hold for all."""
    scaled = {"scale": {"domain": domain, "nice": False, "zero": False}, "axis": axis} if domain else {}
    return {"field": field, "type": "quantitative", **scaled}


def px(value: float) -> dict[str, float]:
    """Return a fixed position [px]."""
    return {"value": value}


WORDS = {"field": "words", "type": "nominal"}
"""The text of a label layer."""


def text_width(words: str, font_size: float) -> int:
    """Return the room [px] that ``words`` need at ``font_size`` [px]."""
    return round(len(words) * font_size * CHAR_WIDTH)


def render(drawing: Drawing, stem: str, mark: str, lang: str) -> str:
    """Return the SVG text of a drawing, the mark of the release on top.

    Parameters
    ----------
    drawing : Drawing
        What to draw.
    stem : str
        Name of the file without ending; ids in the SVG begin with it, so that several can stand on one page.
    mark : str
        What every figure of the release must carry.
    lang : str
        Language of the axis numbers, ``de`` or ``en``.
    """
    import vl_convert

    axis = {
        "labelFont": FONT, "titleFont": FONT, "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal",
        "labelColor": INK, "titleColor": INK, "gridColor": GRID, "domainColor": FAINT, "tickColor": FAINT,
        "labelAngle": 0,
    }  # fmt: skip
    spec = {
        "width": drawing.width, "height": drawing.height, "padding": _MARGIN, "background": "white",
        "layer": drawing.layers,
        "config": {"font": FONT, "aria": False, "view": {"stroke": None}, "axis": axis},
    }  # fmt: skip
    plain = vl_convert.vegalite_to_svg(spec, format_locale=_FORMAT_LOCALES[lang], show_warnings=False)
    return _dress(plain, drawing, stem, mark, lang)


def _dress(plain: str, drawing: Drawing, stem: str, mark: str, lang: str) -> str:
    root = _ROOT.search(plain)
    if root is None:
        raise ValueError(f"vl-convert gave no SVG with a view box for figure '{stem}'")
    width, height = float(root["width"]), float(root["height"])
    header, header_height = _header(drawing, mark, width)
    inside = _IDS.sub(rf"\g<1>{stem}-", root["inside"])
    total = height + header_height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" lang="{lang}" width="{width:g}" height="{total:g}" '
        f'viewBox="0 0 {width:g} {total:g}" aria-labelledby="{stem}-title {stem}-desc">\n'
        f'<title id="{stem}-title">{escape(f"{drawing.title} ({mark})")}</title>\n'
        f'<desc id="{stem}-desc">{escape(drawing.description)}</desc>\n'
        f'<rect width="{width:g}" height="{total:g}" fill="white"/>\n'
        f'{header}\n<g transform="translate(0,{header_height:g})">{inside}</g>\n</svg>\n'
    )


def _header(drawing: Drawing, mark: str, width: float) -> tuple[str, float]:
    room = width - 2 * _MARGIN
    parts = [
        f'<rect width="{width:g}" height="24" fill="{BANNER_FILL}"/>',
        f'<text x="{_MARGIN}" y="16.5" font-family="{FONT}" font-size="12" font-weight="bold" fill="white">'
        f"{escape(mark)}</text>",
    ]
    y = 30.0
    for words, size, weight, colour in [
        (drawing.title, 15, "bold", INK),
        *((line, 11.5, "normal", "#404040") for line in drawing.lines),
    ]:
        for line in wrap(words, max(20, int(room / (size * CHAR_WIDTH)))):
            y += size * 1.3
            parts.append(
                f'<text x="{_MARGIN}" y="{y:g}" font-family="{FONT}" font-size="{size:g}" font-weight="{weight}" '
                f'fill="{colour}">{escape(line)}</text>'
            )
    return "\n".join(parts), y + 8
