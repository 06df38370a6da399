"""Telling people who have no account: one SMS each, over the same suppliers and with the same record.

Their message has no reader and stands in no inbox. Where it goes stays with the room that knows it,
under the key of the person who named them, and is asked for when it is sent: whoever was taken out
meanwhile is not written to, nor is anybody whose person was shredded.
"""

from collections.abc import Iterable, Mapping

from django.db import transaction

from foundation.core import clock
from notifications.kinds import kind_of
from notifications.kinds.outsiders import EMERGENCY_CONTACT
from notifications.models import Dispatch, Message, Template
from notifications.models.template import TemplateState
from notifications.rules.topics import Channel, DispatchState
from notifications.services import planning
from records.selectors import emergency

OPENING, CONTACT = "opening", "contact"


@transaction.atomic
def tell_contacts(*, opening_id: str, key: str, person_pk: int, institution: str) -> int:
    """Tell the contacts whom somebody named for emergencies that their records were opened in one.

    Args:
        key: What makes a repeat a repeat, such as the id of the event.

    Returns:
        How many are told; none without wording in force, as for every channel.
    """
    template = Template.objects.filter(
        kind=EMERGENCY_CONTACT, channel=Channel.SMS, state=TemplateState.ACTIVE
    ).first()
    if template is None:
        return 0
    moment = clock.now()
    drawn = [
        Message(
            person_id=person_pk,
            institution=institution,
            kind=EMERGENCY_CONTACT,
            params={OPENING: opening_id, CONTACT: str(place)},
            dedupe_key=f"{key}:{place}",
            created_at=moment,
        )
        for place in emergency.contacts_to_tell(opening_id)
    ]
    Message.objects.bulk_create(drawn, ignore_conflicts=True)
    # Of a repeat the row from before stands, under another id.
    new = Message.objects.filter(public_id__in=[row.public_id for row in drawn]).order_by("pk")
    rows = [
        Dispatch(
            message=message,
            channel=Channel.SMS,
            template=template,
            state=DispatchState.CREATED,
            is_urgent=True,
            created_at=moment,
            due_at=moment,
            expires_at=moment + kind_of(EMERGENCY_CONTACT).lasts,
        )
        for message in new
    ]
    Dispatch.objects.bulk_create(rows)
    if rows:
        planning.kick()
    return len(rows)


def addresses(*, rows: Iterable[Dispatch]) -> Mapping[int, str]:
    """The phones of those of these dispatches that go to people without an account, by dispatch."""
    return {
        row.pk: phone
        for row in rows
        if row.message.account_id is None and (phone := _phone(row.message.params))
    }


def _phone(params: Mapping[str, str]) -> str:
    return emergency.contact_phones(params[OPENING]).get(int(params[CONTACT]), "")
