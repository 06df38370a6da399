"""The mixed order as a capability of WeChat Pay (``providers.merging.MergesInsurance``)."""

from payments.providers.base import Launch, Merchant, Order, Way
from payments.providers.merging import InsuredReturn, InsuredShare, Payer
from payments.providers.weixinpay import mixed
from payments.providers.weixinpay.amounts import Amounts, Reduced

REGISTRATION, DIAGNOSIS = "REG_PAY", "DIAG_PAY"
_PACKAGE = "prepay_id="


class MixedOrders:
    """Inside WeChat and the mini-program both parts are confirmed at once."""

    merged_ways = frozenset({Way.IN_WEIXIN, Way.MINI_PROGRAM})

    def merge(
        self, merchant: Merchant, order: Order, launch: Launch, share: InsuredShare
    ) -> tuple[str, Launch]:
        """Ask for the mixed order; the three equations are checked before."""
        wanted = mixed.MixedOrder(
            number=order.number,
            serial_no=share.serial,
            order_type=REGISTRATION if share.is_registration else DIAGNOSIS,
            amounts=Amounts(
                total_fen=share.total_fen,
                fund_fen=share.fund_fen,
                account_fen=share.account_fen,
                left_fen=share.left_fen,
                own_fen=order.amount_fen,
                reduced={Reduced.HOSPITAL: share.reduction_fen} if share.reduction_fen else {},
            ),
            way=order.way,
            openid=order.payer.get("openid", ""),
            payer=_person(share.payer),
            place=mixed.Place(share.place_number, share.place_name, share.city),
            notify_url=order.notify_url,
            insured=mixed.Insured(share.order_ref, share.permission, share.created_at, share.location),
            prepay_id=launch.fields["package"].removeprefix(_PACKAGE),
            relative=None if share.relative is None else _person(share.relative),
        )
        ref = mixed.create(merchant, wanted).ref
        made = mixed.launch(merchant, wanted, ref)
        return ref, Launch(made.kind, made.fields, launch.expires_at)

    def has_failed(self, merchant: Merchant, ref: str) -> bool:
        """Whether the payer confirmed, and a part of it came to nothing."""
        return mixed.query(merchant, ref).whole is mixed.Part.FAILED

    def tell_insured_return(self, merchant: Merchant, ref: str, returned: InsuredReturn) -> None:
        """Tell WeChat that the insurance gave its parts back."""
        said = mixed.InsuranceRefund(
            number=returned.number,
            fund_fen=returned.fund_fen,
            account_fen=returned.account_fen,
            other_fen=0,
            refunded_at=returned.at,
        )
        mixed.tell_refund(merchant, ref, said)


def _person(person: Payer) -> mixed.Person:
    return mixed.Person(person.name, person.id_number)
