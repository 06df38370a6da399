"""Which operations are opened, and where each of them lives."""

from interop.dialects.tencent.operations import (
    claim,
    mint_code,
    pre_register,
    read_card,
    real_name,
    register,
    register_batch,
    reissue,
    report_use,
    scan,
    token,
    verify_code,
    verify_person,
    visit,
)
from interop.dialects.tencent.operations.base import Operation
from interop.dialects.tencent.operations.closed import CLOSED

__all__ = ["CARD_SERVER", "CLOSED", "OPEN_PLATFORM", "TOKEN"]

TOKEN = token.OPERATION

OPEN_PLATFORM: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        register.OPERATION,
        register_batch.OPERATION,
        read_card.GET_BY_CODE,
        mint_code.OPERATION,
        verify_code.OPERATION,
        report_use.OPERATION,
        claim.GET_BY_HEALTH_CODE,
        claim.BIND_RELATION,
        claim.GET_ORDER_ID,
        claim.GET_ORDER_INFO,
        report_use.REPORT_SCAN,
        report_use.REPORT_PATIENT,
        reissue.OPERATION,
        real_name.PLATFORM_INFO,
        real_name.VERIFY_PATIENT,
        visit.CHECK_LIMIT,
        visit.SEND_NOTICE,
        visit.SAVE_FIELDS,
        verify_person.REGISTER_ORDER,
        verify_person.VERIFY_FACE,
        verify_person.REGISTER_UNIFORM,
        verify_person.REGISTER_REAL_PERSON,
        pre_register.PRE_AUTHORISE,
        pre_register.PRE_FILL,
        scan.GENERATE,
        scan.QUERY,
    )
}

CARD_SERVER: dict[str, Operation] = {
    operation.name: operation for operation in (read_card.GET_BY_CARD_ID, verify_person.CHECK_UNIFORM)
}
