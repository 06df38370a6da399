"""``/api/v1/``: bills, payments, refunds and statements."""

from django.urls import path

from interop.billing.api import bills, payments, statements

urlpatterns = [
    path("bills", bills.Bills.as_view(), name="api-bills"),
    path("bills/search", bills.BillSearch.as_view(), name="api-bill-search"),
    path("bills/<pid:bill_id>", bills.OneBill.as_view(), name="api-bill"),
    path("bills/<pid:bill_id>/cancel", bills.BillEnd.as_view(), name="api-bill-cancel"),
    path("bills/<pid:bill_id>/posting", bills.Posting.as_view(), name="api-bill-posting"),
    path("bills/<pid:bill_id>/till-payments", bills.TillPayments.as_view(), name="api-till-payments"),
    path("bills/<pid:bill_id>/payments", payments.Payments.as_view(), name="api-payments"),
    path("bills/<pid:bill_id>/payments/<pid:payment_id>", payments.OnePayment.as_view(), name="api-payment"),
    path(
        "bills/<pid:bill_id>/payments/<pid:payment_id>/end",
        payments.PaymentEnd.as_view(),
        name="api-payment-end",
    ),
    path("bills/<pid:bill_id>/refunds", payments.Refunds.as_view(), name="api-refunds"),
    path("statements", statements.Statements.as_view(), name="api-statements"),
]
