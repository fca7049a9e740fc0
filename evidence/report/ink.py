"""What report, map and charts draw with: fonts, colours, and the shapes of levels. Shape and word always go with the colour."""

import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import reportlab
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from core.colour import Level

PLAIN, BOLD, MONO = "Vera", "VeraBd", "Courier"
BLACK, GREY, PALE, WHITE = HexColor(0x1B1F24), HexColor(0x6B7480), HexColor(0xE4E7EB), HexColor(0xFFFFFF)
GAP = HexColor(0xD5D9DE)  # bands in charts
GROUND = HexColor(0xC9B79C)
TRACKS = tuple(map(HexColor, (0x1458C8, 0x8E2F8A, 0x007A7A, 0x8A5A00, 0x35507A, 0x5B3FA0)))
LEVELS = {
    Level.BREACH: HexColor(0xB3161E), Level.LOST: HexColor(0x9A5B00), Level.WARNING: HexColor(0x9A5B00),
    Level.UNKNOWN: HexColor(0x9A5B00), Level.CLEAR: HexColor(0x2E6B2E),
}  # fmt: skip


@cache
def fonts() -> None:
    """Registers the fonts; they come with reportlab and are embedded, so that a report looks the same everywhere."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


@cache
def _drawable() -> frozenset[int]:
    fonts()
    return frozenset(pdfmetrics.getFont(PLAIN).face.charToGlyph)


def text(words: str) -> str:
    """What the font can draw; every other character by its number, never left out."""
    return "".join(one if ord(one) in _drawable() else f"[U+{ord(one):04X}]" for one in words)


def clear(colour: Color, alpha: float) -> Color:
    return Color(colour.red, colour.green, colour.blue, alpha)


def mark(canvas: Any, level: Level, x: float, y: float, number: int, size: float = 5.0) -> None:
    """A level's shape around a place, as the pages have it, with its alert's number; SHAPES says which is which."""
    canvas.saveState()
    canvas.setFillColor(WHITE if level is Level.UNKNOWN else LEVELS[level])
    canvas.setStrokeColor(LEVELS[level] if level is Level.UNKNOWN else WHITE)
    canvas.setLineWidth(0.9)
    path = canvas.beginPath()
    if level is Level.BREACH:
        turns = (math.radians(60 * corner) for corner in range(6))
        _polygon(path, ((x + 1.25 * size * math.cos(turn), y + 1.25 * size * math.sin(turn)) for turn in turns))
    elif level is Level.LOST:
        path.rect(x - size, y - size, 2 * size, 2 * size)
    else:
        _polygon(path, ((x, y + 1.35 * size), (x - 1.35 * size, y), (x, y - 1.35 * size), (x + 1.35 * size, y)))
    canvas.drawPath(path, fill=1, stroke=1)
    canvas.setFillColor(LEVELS[level] if level is Level.UNKNOWN else WHITE)
    canvas.setFont(BOLD, 5.6)
    canvas.drawCentredString(x, y - 2, str(number))
    canvas.restoreState()


def _polygon(path: Any, corners: Iterable[tuple[float, float]]) -> None:
    for at, (x, y) in enumerate(corners):
        (path.lineTo if at else path.moveTo)(x, y)
    path.close()


SHAPES = "hexagon: breach; square: link lost; diamond: warning; hollow diamond: unknown"
