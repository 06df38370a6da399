"""Abstract bases of the rooms' models."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH, new_public_id


class PublicIdModel(models.Model):
    """A row that the outside may name, by an opaque identifier."""

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )

    class Meta:
        abstract = True


class TimestampedModel(models.Model):
    """A row that knows when it was made and last changed."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True
