"""Reading answers of the dialects."""

from typing import Any

from cards.services import life
from interop.dialects.national.errors import RETURN_CODES
from interop.dialects.tencent.errors import NUMBERS
from tests.cards.world import CENTRE, Holder

CARD_KEYS = {
    *("qrCodeText", "name", "gender", "nation", "birthday", "relation", "idNumber", "idType", "address"),
    *("phone1", "phone2", "phid", "patid", "healthCardId", "adminExt", "ext", "childInfo", "verifyStatus"),
}
VERIFY_KEYS = {
    *("name", "gender", "nation", "birthday", "phone", "address"),
    *("idType", "idNumber", "healthCardId", "phid"),
}
MASKED = ("card:register", "card:read", "code:verify", "code:mint", "usage:report")


def number_of(answer: dict[str, Any]) -> int:
    return int(answer["commonOut"]["resultCode"])


def refused(answer: dict[str, Any], error: str, keys: set[str]) -> None:
    """A refusal has its number, and all keys of the operation with empty values."""
    assert number_of(answer) == NUMBERS[error], answer
    assert answer["rsp"] == dict.fromkeys(keys, "")


def refused_by_sdk(answer: dict[str, Any], error: str) -> None:
    """A refusal in the national dialect has its code, says which error it is, and nothing else."""
    assert answer["return_code"] == RETURN_CODES[error], answer
    assert answer["return_msg"].endswith(f"（{error}）")
    assert answer["biz_content"] == {}


def freeze(who: Holder) -> None:
    life.freeze_card(card_pk=who.card.pk, actor=CENTRE, reason="测试")
