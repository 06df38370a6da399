"""155 ssmGenQrCode and 156 ssmQueryQrCodeResult: the resident scans the terminal (主扫)."""

from collections.abc import Mapping
from typing import Any

from cards import scans
from cards.codes import image
from cards.services import scanning
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway.scopes import SCAN_START
from institutions import selectors as institutions
from interop.dialects.tencent.errors import BadParameter
from interop.dialects.tencent.operations import words
from interop.dialects.tencent.operations.base import Call, Operation

# The platform's own numbers are not public; these are ours, and 159 sends the same.
STATUS: Mapping[str, int] = {"waiting": 0, "scanned": 1, "agreed": 2, "refused": 3, "expired": 4}


def generate(call: Call) -> dict[str, Any]:
    """A code for the terminal to show."""
    req = call.req
    own_number = req.text("ssmId", most=64)
    if not own_number.isprintable():
        raise BadParameter(field="ssmId", name="ssmId")
    notify_url = req.optional("notifyUrl", most=addresses.LONGEST)
    if notify_url:
        client = gateway.client_ref(call.caller.public_id)
        hosts = client.hosts if client is not None else frozenset()
        addresses.require_address(notify_url, hosts, field="notifyUrl")
    # Where the number is that of a registered terminal, the resident reads its name.
    is_terminal = institutions.terminal_of(call.caller.institution, own_number) is not None
    started = scanning.start_scan(
        caller=call.caller,
        scene=words.scene_of(req, "scene") if req.has("scene") else "000000",
        terminal_id=own_number if is_terminal else "",
        external_id=own_number,
        notify_url=notify_url,
    )
    return {"imageContent": image.png_base64(started.text), "uid": started.scan_id}


def query(call: Call) -> dict[str, Any]:
    """Where the scan stands, and the card once the resident has agreed."""
    scan = scans.scan_of(call.req.text("uid", most=64), client=call.caller.public_id)
    return {"statusCode": STATUS[scan.state], "healthCardId": scan.card_id}


GENERATE = Operation(
    name="ssmGenQrCode",
    number="155",
    purpose="生成扫扫码",
    rsp=("imageContent", "uid"),
    handle=generate,
    scopes=frozenset({SCAN_START}),
)
QUERY = Operation(
    name="ssmQueryQrCodeResult",
    number="156",
    purpose="查询扫扫码结果",
    rsp=("statusCode", "healthCardId"),
    handle=query,
    scopes=frozenset({SCAN_START}),
)
