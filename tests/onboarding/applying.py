"""An institution that applies through the pages, as a browser does."""

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from institutions.rules import uscc_check_character
from onboarding.models import Joining
from tests.accounts.people import last_code

PHONE = "13900000101"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 17 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 32 + b"\xff\xd9"


def uscc(serial: int = 1) -> str:
    first_17 = f"1211010180000{serial:04d}"
    return first_17 + uscc_check_character(first_17)


def answers(serial: int = 1) -> dict[str, dict[str, str]]:
    return {
        "name": {"name": f"示范第{serial}专科医院", "short_name": f"第{serial}专科"},
        "number": {"uscc": uscc(serial), "code": f"11010180000{serial:04d}"},
        "place": {"region": "110101", "address": "示范路 1 号"},
        "kind": {"level": "20", "category": "A300"},
        "contact": {"contact_name": "示范联系人"},
    }


def upload(content: bytes, name: str = "scan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def prove(client: Client, phone: str = PHONE) -> Any:
    """Begin, and give the code that came."""
    assert client.post("/join/phone/", {"phone": phone}).status_code == 302
    return client.post("/join/code/", {"code": last_code()})


def version(client: Client, word: str) -> str:
    page = client.get(f"/join/{word}/edit/").content.decode()
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found, page[:600]
    return found[1]


def answer(client: Client, word: str, data: dict[str, str]) -> Any:
    return client.post(f"/join/{word}/edit/", {"version": version(client, word), **data})


def fill_in(client: Client, serial: int = 1, phone: str = PHONE) -> Joining:
    """Everything but the last click."""
    prove(client, phone)
    for word, data in answers(serial).items():
        assert answer(client, word, data).status_code == 302, word
    for kind, content in (("stamped_form", PDF), ("licence", JPEG)):
        assert client.post(f"/join/document/{kind}/", {"file": upload(content)}).status_code == 302
    return Joining.objects.latest("pk")


def hand_in(client: Client, serial: int = 1, phone: str = PHONE) -> Joining:
    """The whole way to the submission."""
    fill_in(client, serial, phone)
    sent = answer(client, "check", {"agreed": "on"})
    assert sent.status_code == 302, sent.content.decode()
    assert sent["Location"] == "/join/mine/"
    return Joining.objects.latest("pk")


def come_back(client: Client, reference: str, phone: str = PHONE) -> Any:
    """Look the application up by its reference and a code to its phone."""
    client.post("/join/status/", {"reference": reference, "phone": phone})
    return client.post("/join/code/", {"code": last_code()})
