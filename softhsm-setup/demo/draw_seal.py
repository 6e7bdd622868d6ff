#!/usr/bin/env python3
"""Draws the demo's two round company seals (公章 and 合同专用章) as SVG and PNG.

    ./draw_seal.py [FOLDER]     writes FOLDER/official-seal.{svg,png} and FOLDER/contract-seal.{svg,png}

The results are committed, so nobody needs to run this. It needs python3-fonttools, python3-pil, fonts-noto-cjk,
fonts-noto-cjk-extra and librsvg2-bin (Debian's names). Glyphs become outlines, so that the SVG looks the same everywhere.

All lengths are millimetres; the origin is the seal's centre, x to the right, y down. Angles are degrees, clockwise from
twelve o'clock.
"""

import io
import math
import pathlib
import subprocess
import sys

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTCollection
from PIL import Image

RED = "#d7161b"
DIAMETER = 40.0
RIM = 1.1
DPI = 800
COMPANY = "示例科技有限公司"
# 99 is no province of GB/T 2260: the code cannot be mistaken for that of a real seal.
CODE = {"official-seal": "9901000012344", "contract-seal": "9901000012345"}
FONTS = pathlib.Path("/usr/share/fonts/opentype/noto")


class Face:
    """One face of a font collection, as outlines in millimetres."""

    def __init__(self, file, family):
        self.font = next(f for f in TTCollection(FONTS / file).fonts if f["name"].getDebugName(1) == family)
        self.glyphs = self.font.getGlyphSet()
        self.names = self.font.getBestCmap()
        self.em = self.font["head"].unitsPerEm

    def ink(self, character):
        """Bounds of the character's ink in font units: left, bottom, right, top."""
        pen = BoundsPen(self.glyphs)
        self.glyphs[self.names[ord(character)]].draw(pen)
        return pen.bounds

    def advance(self, character):
        """Advance width in font units."""
        return self.glyphs[self.names[ord(character)]].width

    def outline(self, character, scale_x, scale_y, centre):
        """SVG path of the character, `centre` (font units) moved to the origin, y turned down."""
        pen = SVGPathPen(self.glyphs, ntos=lambda value: f"{value:.3f}".rstrip("0").rstrip("."))
        transform = (scale_x, 0, 0, -scale_y, -centre[0] * scale_x, centre[1] * scale_y)
        self.glyphs[self.names[ord(character)]].draw(TransformPen(pen, transform))
        return pen.getCommands()


def seal_character(face, character, width, height):
    """The character's ink brought to about width x height, as an engraver fills each cell.

    The stretch away from the em square's own is limited, so that flat or narrow characters keep their nature.
    """
    left, bottom, right, top = face.ink(character)
    em_x, em_y = width / (0.92 * face.em), height / (0.92 * face.em)
    scale_x = min(max(width / (right - left), em_x * 0.95), em_x * 1.14)
    scale_y = min(max(height / (top - bottom), em_y * 0.95), em_y * 1.14)
    return face.outline(character, scale_x, scale_y, ((left + right) / 2, (bottom + top) / 2))


def arc_text(face, text, radius, step, width, height):
    """Characters upright to the rim, centred on twelve o'clock; `radius` is that of their centres."""
    for index, character in enumerate(text):
        angle = (index - (len(text) - 1) / 2) * step
        path = seal_character(face, character, width, height)
        yield f'<path transform="rotate({angle:.3f}) translate(0 {-radius:.3f})" d="{path}"/>'


def line_text(face, text, y, step, width, height):
    """Characters side by side on a straight line, centred at (0, y)."""
    for index, character in enumerate(text):
        x = (index - (len(text) - 1) / 2) * step
        path = seal_character(face, character, width, height)
        yield f'<path transform="translate({x:.3f} {y:.3f})" d="{path}"/>'


def rim_code(face, digits, radius, step, height):
    """Digits along the bottom rim, read from left to right, their heads towards the centre."""
    top = face.ink("0")[3]
    scale = height / top
    for index, digit in enumerate(digits):
        angle = ((len(digits) - 1) / 2 - index) * step
        path = face.outline(digit, scale, scale, (face.advance(digit) / 2, top / 2))
        yield f'<path transform="rotate({angle:.3f}) translate(0 {radius:.3f})" d="{path}"/>'


def star(radius, y):
    """A regular five-pointed star, one point up; the inner corners lie where the pentagram's lines cross."""
    inner = radius * math.sin(math.radians(18)) / math.sin(math.radians(54))
    points = []
    for corner in range(10):
        r, angle = (radius, inner)[corner % 2], math.radians(36 * corner)
        points.append(f"{r * math.sin(angle):.3f},{y - r * math.cos(angle):.3f}")
    return f'<polygon points="{" ".join(points)}"/>'


def seal(name, bottom_text):
    """The whole seal as SVG text."""
    song = Face("NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC")
    sans = Face("NotoSansCJK-Medium.ttc", "Noto Sans CJK SC Medium")
    half = DIAMETER / 2
    # Song type is thin across; seals are cut with sturdier strokes. The narrow cells thin the uprights, the outline's
    # stroke strengthens both alike.
    text = [*arc_text(song, COMPANY, 14.3, 26.4, 4.5, 6.1)]
    if bottom_text:
        text += line_text(song, bottom_text, 9.6, 3.85, 3.15, 4.0)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{DIAMETER:g}mm" height="{DIAMETER:g}mm"'
            f' viewBox="{-half:g} {-half:g} {DIAMETER:g} {DIAMETER:g}">',
            f"<title>{COMPANY}{bottom_text or '公章'}</title>",
            f'<g fill="{RED}">',
            f'<circle r="{half - RIM / 2:g}" fill="none" stroke="{RED}" stroke-width="{RIM:g}"/>',
            star(6.6, 0),
            f'<g stroke="{RED}" stroke-width="0.17" stroke-linejoin="round">',
            *text,
            "</g>",
            *rim_code(sans, CODE[name], 17.45, 4.7, 1.4),
            "</g>",
            "</svg>\n",
        ]
    )


def picture(svg):
    """The SVG as a picture of one colour with all its shape in the alpha channel: edges stay clean on any ground."""
    pixels = str(round(DIAMETER / 25.4 * DPI))
    png = subprocess.run(["rsvg-convert", "-w", pixels, "-h", pixels, svg], check=True, capture_output=True).stdout
    alpha = Image.open(io.BytesIO(png)).getchannel("A")
    drawn = Image.new("RGBA", alpha.size, RED)
    drawn.putalpha(alpha)
    return drawn


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for name, bottom_text in (("official-seal", ""), ("contract-seal", "合同专用章")):
        svg = folder / f"{name}.svg"
        svg.write_text(seal(name, bottom_text), encoding="utf-8")
        picture(svg).save(svg.with_suffix(".png"), optimize=True, dpi=(DPI, DPI))


if __name__ == "__main__":
    main()
