"""Drawing a code."""

import base64
import struct
import zlib
from typing import Any

import zxingcpp
from qrcode import QRCode, constants
from qrcode.image.svg import SvgPathImage

# A phone's screen has glare and scratches, and is not torn: the second level of correction
# gives a dynamic code 41 modules a side.
_CORRECTION = "M"
# Paper gets wet, folded and scratched. The text of a static code needs 33 modules a side at
# either level, so the third level costs no room on the label.
_CORRECTION_ON_PAPER = "Q"
_PIXELS_PER_MODULE = 8
_QUIET_ZONE = 4
_EMBLEM = 9
_TEAL = "#0b6660"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def svg(text: str) -> str:
    """The code as SVG, black on white, with its quiet zone of four modules."""
    drawing: str = _barcode(text).to_svg(add_quiet_zones=True)
    return drawing[drawing.index("<svg") :]


def printed_svg(text: str) -> str:
    """As ``svg``, for paper."""
    drawing: str = _barcode(text, _CORRECTION_ON_PAPER).to_svg(add_quiet_zones=True)
    return drawing[drawing.index("<svg") :]


def decorated_svg(text: str) -> str:
    """The code as SVG for a sheet of paper, with the cross of the card in its middle.

    The emblem covers a twentieth of the modules; the highest level of correction gives back
    close to a third.
    """
    code = QRCode(error_correction=constants.ERROR_CORRECT_H, border=_QUIET_ZONE, image_factory=SvgPathImage)
    code.add_data(text)
    code.make(fit=True)
    drawing: str = code.make_image().to_string(encoding="unicode")
    corner = (code.modules_count + 2 * _QUIET_ZONE - _EMBLEM) / 2
    emblem = (
        f'<g transform="translate({corner} {corner})">'
        f'<rect width="{_EMBLEM}" height="{_EMBLEM}" fill="#fff"/>'
        f'<path d="M3.25 1h2.5v2.25h2.25v2.5h-2.25v2.25h-2.5v-2.25h-2.25v-2.5h2.25z" fill="{_TEAL}"/></g>'
    )
    return drawing.replace("</svg>", f"{emblem}</svg>")


def png_base64(text: str, *, on_paper: bool = False) -> str:
    """The code as PNG in Base64, for systems that take no SVG."""
    correction = _CORRECTION_ON_PAPER if on_paper else _CORRECTION
    drawn: Any = _barcode(text, correction).to_image(scale=_PIXELS_PER_MODULE, add_quiet_zones=True)
    pixels = memoryview(drawn)
    height, width = pixels.shape or (0, 0)
    raw = pixels.tobytes()
    # Each line of a PNG begins with the number of its filter; 0 is none.
    lines = b"".join(b"\0" + raw[row * width : (row + 1) * width] for row in range(height))
    header = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return base64.b64encode(_PNG_SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _barcode(text: str, correction: str = _CORRECTION) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=correction)
