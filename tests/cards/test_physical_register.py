"""The register of physical cards: how the centre fills it from a file (ID-04)."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cards.models import PhysicalCard
from foundation.audit.models import AuditEntry
from institutions.rules import Role
from tests.cards.world import citizen_number
from tests.institutions import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-04")]

NAME, PHONE = "测试甲", "13900005001"
HEADER = "卡号,姓名,证件类型,证件号码,手机号"


def upload(content: bytes) -> Any:
    centre = people.at_work(Client(), people.staff(Role.CENTRE_ADMIN))
    address = "/admin/cards/physicalcard/add/"
    ticket = re.search(r'name="ticket" value="(\w+)"', centre.get(address).content.decode())
    assert ticket is not None
    file = SimpleUploadedFile("cards.csv", content, "text/csv")
    body = {"ticket": ticket[1], "reason": "市卡历史数据", "file": file}
    return centre.post(address, body, follow=True)


def test_the_centre_uploads_a_file_and_reads_what_is_wrong_with_each_row(db: None) -> None:
    good, other = citizen_number(), citizen_number()
    rows = [
        # A name that GBK has no room for; spreadsheets write GB 18030.
        f"A000001,测试㛃,01,{good},{PHONE}",
        f"A000001,{NAME},01,{other},{PHONE}",
        f"A000002,{NAME},01,{good[:-1]}Z,{PHONE}",
        f"A000003,{NAME},01,{other},12",
        f"A/4,{NAME},01,{other},{PHONE}",
    ]
    page = upload("\n".join([HEADER, *rows]).encode("gb18030")).content.decode()
    assert PhysicalCard.objects.count() == 1
    assert "已登记 1 张实体卡；4 行没有登记" in page
    assert "第 3 行" in page
    assert "这个卡号已经登记过" in page
    assert good not in page
    assert AuditEntry.objects.get(action="physical_card.loaded").details == {"count": 1}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"x" * 1_000_001])
def test_a_file_of_another_form_registers_nothing(content: bytes) -> None:
    page = upload(content).content.decode()
    assert "errornote" in page
    assert not PhysicalCard.objects.exists()
