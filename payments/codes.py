"""The code of a bill: its number, for the scanner at the window."""

import zxingcpp


def svg(number: str) -> str:
    """The number as a QR code, black on white with its quiet zone."""
    code = zxingcpp.create_barcode(number, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    drawing: str = code.to_svg(add_quiet_zones=True)
    return drawing[drawing.index("<svg") :]
