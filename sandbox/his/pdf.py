"""A report as a small PDF of one page, written by hand: the text stands in it as the reader's own font."""

from collections.abc import Mapping, Sequence
from typing import Any

LINE_POINTS = 22


def printed(hospital: str, report: Mapping[str, Any]) -> bytes:
    """A report as the hospital prints it."""
    head = [hospital, f"报告单 {report.get('report_no', '')}", str(report.get("title", "")), ""]
    rows = [
        "  ".join(str(each.get(field, "")) for field in ("name", "value", "unit", "range", "mark"))
        for each in report.get("results", [])
    ]
    return document([*head, *rows, "", "本报告为虚构数据，仅供演示"])


def document(lines: Sequence[str]) -> bytes:
    """One page with these lines."""
    shown = " ".join(f"<{line.encode('utf-16-be').hex()}> Tj 0 -{LINE_POINTS} Td" for line in lines)
    drawing = f"BT /F1 14 Tf 72 770 Td {shown} ET".encode()
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
            # One of the fonts for Chinese that readers bring along, so that none has to be put in.
            b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
            b" /DescendantFonts [6 0 R] >>",
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
            b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 7 0 R >>",
            b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]"
            b" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
        ]
    )


def _file(objects: Sequence[bytes]) -> bytes:
    written = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(written)
