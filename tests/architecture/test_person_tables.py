"""Joining and splitting persons knows every table that points at one."""

from django.apps import apps
from django.db.models import ForeignKey

from mpi import bearing

# How anchors point at each other, not what is said of a person.
NOT_ABOUT_A_PERSON = {("mpi.Person", "survivor")}


def test_every_foreign_key_to_a_person_is_registered_and_nothing_else() -> None:
    person = apps.get_model("mpi.Person")
    keys = {
        (model._meta.label, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is person
    }
    assert keys - NOT_ABOUT_A_PERSON == bearing.person_tables()
