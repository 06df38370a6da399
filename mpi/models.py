"""Persons as anchors, the numbers they are known by, and where each was met."""

from django.db import models

from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import BlindIndexField, EncryptedTextField


class Sex(models.TextChoices):
    """GB/T 2261.1."""

    UNKNOWN = "0", "未知"
    MALE = "1", "男"
    FEMALE = "2", "女"
    UNSPECIFIED = "9", "未说明"


class Person(PublicIdModel, TimestampedModel):
    """An anchor: the row that other rooms point at, for good.

    An anchor is never deleted and its key never changes. Two anchors that turn out to be one
    human being are joined by ``survivor``; reads go through ``mpi.selectors.cluster``. The
    particulars are encrypted under the person's own key, so that destroying that key leaves
    the anchor and nothing that says whose it was. The tokens are keyed: they find a name, a
    sound, or a family name with a birth date, and never a part of a name.
    """

    survivor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    name = EncryptedTextField()
    birth_date = EncryptedTextField(null=True)
    sex = models.CharField(max_length=1, choices=Sex.choices, default=Sex.UNKNOWN)
    nation = models.CharField(max_length=2, blank=True)
    nationality = models.CharField(max_length=3, default="156")
    phone = EncryptedTextField(null=True)
    address = EncryptedTextField(null=True)
    name_token = BlindIndexField(null=True)
    pinyin_token = BlindIndexField(null=True)
    surname_birth_token = BlindIndexField(null=True)

    class Meta:
        db_table = "mpi_person"
        verbose_name = "居民"
        verbose_name_plural = "居民"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(survivor=None) | ~models.Q(survivor=models.F("id")),
                name="mpi_person_survivor_is_another",
            ),
        ]
        indexes = [
            models.Index(fields=["name_token"], name="mpi_person_name"),
            models.Index(fields=["pinyin_token"], name="mpi_person_pinyin"),
            models.Index(fields=["surname_birth_token"], name="mpi_person_surname_birth"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose data key protects the row."""
        return self.public_id


class IdentifierState(models.TextChoices):
    """Whether the number still belongs to the person."""

    CURRENT = "current", "有效"
    FORMER = "former", "曾用"


class Identifier(PublicIdModel):
    """A number that somebody gave the person: an identity card, a passport.

    ``domain`` names who assigns the numbers; certificates of the state share ``national``.
    While an index key is being exchanged ``value_index_next`` holds the index under the new
    key, unique like the old one.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identifiers")
    domain = models.CharField(max_length=40, default="national")
    type = models.CharField(max_length=10)
    value = EncryptedTextField()
    value_index = BlindIndexField()
    value_index_next = BlindIndexField(null=True)
    state = models.CharField(max_length=10, choices=IdentifierState.choices, default=IdentifierState.CURRENT)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_identifier"
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "type", "value_index"],
                condition=models.Q(state="current"),
                name="mpi_identifier_once",
            ),
            models.UniqueConstraint(
                fields=["domain", "type", "value_index_next"],
                condition=models.Q(state="current", value_index_next__isnull=False),
                name="mpi_identifier_once_next",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain} {self.type} {self.public_id}"

    def data_subject(self) -> str:
        """Whose data key protects the row."""
        return self.person.public_id


class SourceRecord(PublicIdModel):
    """The person as one source knows them: the source and its own number."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="source_records")
    source = models.CharField(max_length=40)
    local_id = EncryptedTextField()
    local_index = BlindIndexField()
    local_index_next = BlindIndexField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mpi_source_record"
        constraints = [
            models.UniqueConstraint(fields=["source", "local_index"], name="mpi_source_record_once"),
            models.UniqueConstraint(
                fields=["source", "local_index_next"],
                condition=models.Q(local_index_next__isnull=False),
                name="mpi_source_record_once_next",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.public_id}"

    def data_subject(self) -> str:
        """Whose data key protects the row."""
        return self.person.public_id
