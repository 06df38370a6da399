"""Sheets of paper as PDF, with a letterhead and Chinese letters.

Chinese letters need a Chinese font, and none is small or free enough to come along: the operator
names one by ``PDF_FONT``, or one that the system has is found. Without a font there is no PDF, and
the page is printed instead; a PDF full of empty boxes would be worse than none.
"""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

# The font's own log would name the letters that it lacks, which may be letters of a name.
for _library in ("fpdf", "fontTools"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)

# Where the systems that we know keep a font with Chinese letters, and its place in a collection.
_KNOWN = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
)
_FONT = "han"
_BOX = "□"
_LINE = 7
_MARGIN = 18
_GREY = 235


class NoFont(LookupError):
    """There is no font to write Chinese with."""


def can_print() -> bool:
    """Whether there is a font to write with."""
    return _font() is not None


class _Paper(FPDF):
    """Pages that each say whose they are: sheets come apart on the way to the folder."""

    def __init__(self, font: tuple[str, int]) -> None:
        super().__init__(format="A4")
        self.letterhead = ""
        self.running = ""
        self.add_font(_FONT, fname=font[0], collection_font_number=font[1])
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN)

    def header(self) -> None:
        """The letterhead: large on the first page, with what the sheet is about on those after it."""
        if self.page_no() == 1:
            self.set_font(_FONT, size=17)
            self.multi_cell(0, 11, self.letterhead, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            return
        self.set_font(_FONT, size=8)
        self.multi_cell(0, 5, f"{self.letterhead}    {self.running}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.line(self.l_margin, self.get_y() + 1, self.w - self.r_margin, self.get_y() + 1)
        self.ln(4)

    def footer(self) -> None:
        """Which page of how many."""
        self.set_y(-_MARGIN + 4)
        self.set_font(_FONT, size=8)
        pages = _("第 %(page)d 页，共 %(pages)s 页") % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(0, 5, pages, align="C")


class Sheet:
    """One document while it is written; letters that the font lacks are counted and shown as boxes."""

    def __init__(self, *, letterhead: str, running: Sequence[str]) -> None:
        """Begin the first page.

        Args:
            running: What stands beside the letterhead on the pages after the first.

        Raises:
            NoFont: There is none to write it with.
        """
        font = _font()
        if font is None:
            raise NoFont
        self._pdf = _Paper(font)
        self._letters = self._pdf.fonts[_FONT].cmap  # type: ignore[union-attr]
        self._lacking: set[str] = set()
        self._pdf.letterhead = self._known(letterhead)
        self._pdf.running = self._known("    ".join(running))
        self._pdf.add_page()

    def title(self, text: str) -> None:
        """What the document is."""
        self.line(text, size=13, align="C")
        self.gap(3)

    def line(self, text: str, *, size: int = 10, align: str = "L") -> None:
        """A line, broken where it is too long."""
        self._pdf.set_font(_FONT, size=size)
        self._pdf.multi_cell(
            0, size * 0.65, self._known(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def gap(self, height: int) -> None:
        """Blank space."""
        self._pdf.ln(height)

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Labels with their values in a block, and a rule below."""
        # No line breaks within a fact: its blanks are those that keep together.
        shown = [f"{label} {value}".replace(" ", "\u00a0") for label, value in facts if value]
        self.line("    ".join(shown))
        y = self._pdf.get_y() + 1
        self._pdf.line(self._pdf.l_margin, y, self._pdf.w - self._pdf.r_margin, y)
        self._pdf.ln(4)

    def table(self, rows: Sequence[Sequence[str]], *, columns: Sequence[int], is_money: bool = False) -> None:
        """Rows below their headings, which stand on each page.

        Args:
            is_money: The last column has amounts, whose figures stand under each other.
        """
        self._pdf.set_font(_FONT, size=10)
        # Headings are grey and not bold, for which a cut of the font is lacking.
        with self._pdf.table(
            col_widths=tuple(columns),
            line_height=_LINE,
            borders_layout="HORIZONTAL_LINES",
            text_align=("LEFT",) * (len(columns) - 1) + ("RIGHT" if is_money else "LEFT",),
            headings_style=FontFace(fill_color=_GREY),
        ) as table:
            for row in rows:
                table.row([self._known(cell) for cell in row])
        self._pdf.ln(3)

    def finished(self) -> bytes:
        """The PDF, saying how many letters it lacks where it lacks some."""
        if self._lacking:
            self.line(
                _("有 %(count)d 个字这里的字库没有，以 □ 代替。") % {"count": len(self._lacking)}, size=8
            )
        return bytes(self._pdf.output())

    def _known(self, text: str) -> str:
        lacking = {letter for letter in text if ord(letter) not in self._letters and not letter.isspace()}
        self._lacking |= lacking
        return "".join(_BOX if letter in lacking else letter for letter in text)


@cache
def _font() -> tuple[str, int] | None:
    if settings.PDF_FONT:
        return settings.PDF_FONT, settings.PDF_FONT_INDEX
    return next(((path, place) for path, place in _KNOWN if Path(path).exists()), None)
