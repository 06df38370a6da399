"""What a verification may answer about the holder, kept with the card for the hot path."""

from collections.abc import Collection
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from mpi.types import Particulars


class Category(TextChoices):
    """What a holder can keep from institutions that scan or read the card (ID-16).

    Name, certificate, sex and birth date are not among them: without these nobody can be treated.
    """

    PHONE = "phone", _("联系电话")
    ADDRESS = "address", _("住址")
    NATION = "nation", _("民族")


def face_of(particulars: Particulars, hidden: Collection[str] = ()) -> dict[str, Any]:
    """The face of a person's card, without the categories that its holder hides."""
    face = {
        "name": particulars.name,
        "id_type": particulars.id_type,
        "id_number": particulars.id_number,
        "gender": particulars.sex,
        "birthday": particulars.birth_date.isoformat() if particulars.birth_date else "",
        "nation": particulars.nation,
        "phone": particulars.phone,
        "address": particulars.address,
    }
    return face | {category: "" for category in Category.values if category in hidden}
