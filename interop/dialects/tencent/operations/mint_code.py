"""161 getDynamicQRCode."""

from typing import Any

from cards.codes import image
from cards.codes.institution import find_number, mint_for_institution
from cards.errors import PersonNotBound
from cards.rules.policy import CodeKind
from cards.services.binding import is_bound
from foundation.gateway.scopes import CODE_MINT
from interop.dialects.tencent.errors import BadParameter
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation
from mpi import selectors as mpi

_KINDS = {"0": CodeKind.DYNAMIC, "1": CodeKind.STATIC}
# The platform answers with the colour of the health code of the epidemic years; there is none
# here, and clients draw the code in what they get.
COLOUR = "green"


def get_dynamic_code(call: Call) -> dict[str, Any]:
    """A code for a patient of this institution, who is told of it."""
    req = call.req
    card_id = req.text("healthCardId")
    id_type, id_number = req.text("idType"), req.text("idNumber")
    kind = _KINDS[words.one_of(req, "codeType", frozenset(_KINDS), default="0")]
    card = find_number(card_id).card
    # Before the certificate is compared, or anybody with a card's number could try certificates.
    if not is_bound(card.pk, call.caller.institution):
        raise PersonNotBound(field="healthCardId")
    person = mpi.find_by_identifier(id_type, id_number)
    if person is None or person.person_pk != mpi.survivor(card.person_id):
        raise BadParameter(field="idNumber", name="idNumber")
    minted = mint_for_institution(
        card_id=card_id, caller=call.caller, request_id=call.request_id, code_kind=kind
    )
    return {
        "qrCodeText": minted.text,
        "qrCodeImg": image.png_base64(minted.text),
        "color": COLOUR,
    }


OPERATION = Operation(
    name="getDynamicQRCode",
    number="161",
    purpose="获取动态码",
    rsp=("qrCodeText", "qrCodeImg", "color"),
    handle=get_dynamic_code,
    scopes=frozenset({CODE_MINT}),
)
