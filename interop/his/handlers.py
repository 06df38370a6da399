"""Reactions to what happened in the rooms below."""

from contextlib import suppress

from django.db import transaction

from foundation.core.actor import Actor
from foundation.events.services import Message
from interop.his import patients, selectors, tasks
from interop.his.errors import PatientNumbersNotOffered
from interop.his.models import Offer
from interop.webhooks.selectors import tells
from mpi import selectors as mpi
from payments.services.posting import begin_write_back

ACTOR = Actor.system("hospital")


def on_booked(message: Message) -> None:
    """See to it that the hospital has a number of whoever is booked there."""
    _ask(message, "booking")


def on_arrived(message: Message) -> None:
    """See to it that the hospital has a number of whoever has checked in there."""
    _ask(message, "arrival")


def on_report(message: Message) -> None:
    """Have the document of a report fetched."""
    institution = str(message.payload["institution"])
    if selectors.system_of(institution, Offer.DOCUMENTS) is not None:
        tasks.fetch_documents.delay(institution)


def on_invoice(message: Message) -> None:
    """Have the document of an electronic invoice fetched."""
    institution = str(message.payload["institution"])
    if selectors.system_of(institution, Offer.DOCUMENTS) is not None:
        tasks.fetch_invoices.delay(institution)


def on_bill_paid(message: Message) -> None:
    """Have a hospital post what was paid for its bill."""
    institution = str(message.payload["institution"])
    has_system = selectors.system_of(institution, Offer.PAYMENTS) is not None
    is_reachable = has_system or tells(institution, "bill.paid")
    write_back = begin_write_back(bill=str(message.payload["bill_id"]), is_reachable=is_reachable)
    if write_back:
        transaction.on_commit(lambda: tasks.write_back.delay(write_back))


def _ask(message: Message, cause: str) -> None:
    person = mpi.by_public_id(str(message.payload["person_id"]))
    if person is None:
        return
    with suppress(PatientNumbersNotOffered):
        patients.ask(
            person_pk=person.person_pk,
            institution=str(message.payload["institution"]),
            cause=cause,
            actor=ACTOR,
        )
