"""Rows with protected values, as the rooms have them."""

from typing import ClassVar

from django.db import models

from foundation.core.models import PublicIdModel
from gmcrypto.fields import BlindIndexField, EncryptedJSONField, EncryptedTextField


class Patient(PublicIdModel):
    """A row about a person, under that person's key."""

    subject = models.CharField(max_length=26)
    city = models.CharField(max_length=20, default="")
    name = EncryptedTextField()
    phone = EncryptedTextField(null=True)
    contact = EncryptedJSONField(null=True)
    phone_index = BlindIndexField(null=True, unique=True)
    phone_index_next = BlindIndexField(null=True, unique=True)

    # Written out, because the type checker knows the managers of installed models only.
    objects: ClassVar[models.Manager["Patient"]] = models.Manager()

    class Meta:
        app_label = "sample"

    def data_subject(self) -> str:
        return self.subject


class Client(PublicIdModel):
    """A row about no person, under the key of a purpose."""

    secret = EncryptedTextField(purpose="client_secret")
    note = EncryptedTextField(default="")

    objects: ClassVar[models.Manager["Client"]] = models.Manager()

    class Meta:
        app_label = "sample"


class Untwinned(models.Model):
    """A unique index whose second column would let a value in twice; it never has a table."""

    name_index = BlindIndexField()
    name_index_next = BlindIndexField(null=True)

    class Meta:
        app_label = "sample"
        constraints = [models.UniqueConstraint(fields=["name_index"], name="sample_untwinned_once")]

    def __str__(self) -> str:
        return str(self.pk)
