"""What moves an order that waits: for the console, and for whoever plays the channel of the own share."""

from starlette.requests import Request

from sandbox import store
from sandbox.answers import RestRefusal
from sandbox.insurance import apps, notices, orders
from sandbox.insurance.orders import Order

STEPS = {
    "own": "自费已付",
    "insurance": "医保支付",
    "both": "两部分都付",
    "fail": "医保失败",
    "end": "到期结束",
}


async def take(request: Request, order_id: str, step: str) -> Order:
    """Let an order go on; the application is told once it is settled.

    Args:
        step: ``own`` and ``insurance`` pay a part, ``both`` pays the two, ``fail`` lets the
            insurance fail, ``end`` ends the holding.
    """
    if step not in STEPS:
        raise RestRefusal(400, "step_unknown", f"step must be one of {', '.join(STEPS)}.", "step")
    state = store.of(request)
    async with state.lock("insurance"):
        order = await orders.find(state, order_id)
        if order is None:
            raise RestRefusal(404, "order_unknown", "There is no such order.", "order_id")
        before = order.state
        if step == "end" and order.state in {*orders.OPEN, "4"}:
            order = await orders.end(state, order)
        if step == "fail":
            order = await orders.fail(state, order)
        if step in {"insurance", "both"}:
            order = await orders.pay_insurance(state, order)
        if step in {"own", "both"}:
            order = await orders.pay_own(state, order)
    app = await apps.find(state, order.app_id)
    if app is not None and order.state == "6" and before != "6":
        await notices.tell(request, app, order)
    return order
