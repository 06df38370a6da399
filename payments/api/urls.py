"""Routes of the resident API about bills."""

from django.urls import path

from payments.api import insured, paying, paying_for, prepaid, resident

urlpatterns = [
    path("bills", resident.Bills.as_view(), name="resident-bills"),
    path("bills/<pid:bill_id>", resident.OneBill.as_view(), name="resident-bill"),
    path(
        "bills/<pid:bill_id>/invoices/<pid:invoice_id>/document",
        resident.InvoiceDocument.as_view(),
        name="resident-invoice",
    ),
    path("bills/<pid:bill_id>/receipt/document", resident.Voucher.as_view(), name="resident-voucher"),
    path("bills/<pid:bill_id>/ways", paying.Ways.as_view(), name="resident-ways-to-pay"),
    path("bills/<pid:bill_id>/insurance", insured.Insurance.as_view(), name="resident-insurance"),
    path("bills/<pid:bill_id>/insured", insured.InsuredPayments.as_view(), name="resident-insured-payments"),
    path(
        "bills/<pid:bill_id>/insured/<pid:settlement_id>",
        insured.OneInsuredPayment.as_view(),
        name="resident-insured-payment",
    ),
    path(
        "bills/<pid:bill_id>/insured/<pid:settlement_id>/confirm",
        insured.InsuredConfirmation.as_view(),
        name="resident-insured-confirm",
    ),
    path(
        "bills/<pid:bill_id>/insured/<pid:settlement_id>/leave",
        insured.InsuredEnd.as_view(),
        name="resident-insured-leave",
    ),
    path("bills/<pid:bill_id>/payments", paying.Payments.as_view(), name="resident-payments"),
    path(
        "bills/<pid:bill_id>/payments/<pid:settlement_id>",
        paying.OnePayment.as_view(),
        name="resident-payment",
    ),
    path(
        "bills/<pid:bill_id>/payments/<pid:settlement_id>/leave",
        paying.PaymentEnd.as_view(),
        name="resident-payment-leave",
    ),
    path("balances", prepaid.Balances.as_view(), name="resident-balances"),
    path(
        "balances/<pid:person_id>/movements",
        prepaid.BalanceMovements.as_view(),
        name="resident-balance-movements",
    ),
    path("balances/<pid:person_id>/top-ups", prepaid.TopUps.as_view(), name="resident-balance-top-ups"),
    path("balances/<pid:person_id>/pay-outs", prepaid.PayOuts.as_view(), name="resident-balance-pay-outs"),
    path("bills/<pid:bill_id>/pay-link", paying_for.PayLinks.as_view(), name="resident-pay-link"),
    path("pay-links/<str:token>", paying_for.AskedToPay.as_view(), name="resident-asked-to-pay"),
    path("pay-links/<str:token>/payments", paying_for.PaymentsForOthers.as_view(), name="resident-pay-for"),
    path(
        "payments-for-others/<pid:settlement_id>",
        paying_for.OnePaymentForOther.as_view(),
        name="resident-paid-for",
    ),
    path(
        "payments-for-others/<pid:settlement_id>/leave",
        paying_for.PaymentForOtherEnd.as_view(),
        name="resident-paid-for-leave",
    ),
]
