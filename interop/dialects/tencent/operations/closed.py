"""Operations of the platform that are not opened here, with the keys of their answers."""

from collections.abc import Mapping

CLOSED: Mapping[str, tuple[str, ...]] = {
    "referralResultNotice": (),
    "getRegInfoByCode": (),
    "getPatientsHealthCard": (),
    "savePatients": (),
    # Older names, of which the numbers are not known.
    "ocrInfo": ("cardInfo",),
    "bindUnionId": (),
    "recvPushMsg": (),
    "registerUniformOrder": (),
}
