"""Model fields for protected values.

An encrypted value is bound to its place: model, field and the row's public id are
authenticated with it, so a value copied to another row or column does not open. A model that
defines ``data_subject()`` (the public id of the person or account whom the row is about) has
its values under that person's own key, which can be destroyed; other models use the active key
of the field's purpose.

Values are decrypted when they are first read. They cannot be searched, ordered or set by
``QuerySet.update``; for equality there are blind indexes.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.core import checks
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.query_utils import DeferredAttribute

from gmcrypto import envelope
from gmcrypto.errors import DecryptionFailed, MalformedData
from gmcrypto.keyring import Purpose

INDEX_BYTES = 32
_SUBJECT_PREFIX = "s-"


class Sealed:
    """An encrypted value as it lies in the database."""

    __slots__ = ("blob",)

    def __init__(self, blob: bytes) -> None:
        self.blob = blob

    def __repr__(self) -> str:
        return f"<Sealed, {len(self.blob)} bytes>"

    def key_id(self) -> str:
        """The id of the key that opens it; raise DecryptionFailed if it is no envelope."""
        return self._parse().key_id

    def open(self, context: bytes) -> bytes:
        """Decrypt; raise DecryptionFailed, KeyDestroyed or KeyUnavailable."""
        from gmcrypto import keystore, subject_keys

        parsed = self._parse()
        if not parsed.key_id.startswith(_SUBJECT_PREFIX):
            return envelope.open_envelope(
                keystore.ring().by_kid(parsed.key_id).secret, parsed, context=context
            )
        subject = parsed.key_id.removeprefix(_SUBJECT_PREFIX)
        try:
            return envelope.open_envelope(subject_keys.read_subject_key(subject), parsed, context=context)
        except DecryptionFailed:
            # The key in memory may come from a transaction that was rolled back.
            return envelope.open_envelope(subject_keys.reread_subject_key(subject), parsed, context=context)

    def _parse(self) -> envelope.Envelope:
        try:
            return envelope.parse(self.blob)
        except MalformedData as error:
            raise DecryptionFailed from error


class _EncryptedAttribute(DeferredAttribute):
    """Opens the value when it is first read.

    It defines __set__, so that reading always comes through here, also when the instance holds
    a value already.
    """

    field: "_EncryptedField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = self.field.decode(value.open(self.field.context(instance)))
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _EncryptedField(models.Field):  # type: ignore[type-arg]
    descriptor_class = _EncryptedAttribute
    empty_strings_allowed = False

    def __init__(self, *args: Any, purpose: str = Purpose.DATA.value, **kwargs: Any) -> None:
        self.purpose = Purpose(purpose)
        super().__init__(*args, **kwargs)

    def encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def decode(self, plaintext: bytes) -> Any:
        raise NotImplementedError

    # Description of the column

    def get_internal_type(self) -> str:
        return "BinaryField"

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self.purpose is not Purpose.DATA:
            kwargs["purpose"] = self.purpose.value
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_place()]

    def _check_place(self) -> list[checks.CheckMessage]:
        found: list[checks.CheckMessage] = []
        if self.unique or getattr(self, "db_index", False):
            found.append(
                checks.Error(
                    "An encrypted field differs at every write, so it cannot be unique or indexed.",
                    hint="Add a BlindIndexField beside it.",
                    obj=self,
                    id="gmcrypto.E001",
                )
            )
        if not any(field.name == "public_id" for field in self.model._meta.get_fields()):
            found.append(
                checks.Error(
                    "A model with encrypted fields needs a field public_id to bind them to the row.",
                    obj=self,
                    id="gmcrypto.E002",
                )
            )
        return found

    # From and to the instance

    def context(self, instance: models.Model) -> bytes:
        """The place of the value, which is authenticated with it."""
        public_id = getattr(instance, "public_id", "")
        if not public_id:
            raise FieldError(f"{self._label()} cannot be encrypted or read before its row has a public_id.")
        return f"{self.model._meta.label}|{self.name}|{public_id}".encode()

    def seal(self, instance: models.Model, value: Any) -> Sealed:
        """Encrypt a value for this place under the key of today."""
        context = self.context(instance)
        key, kid = self._writing_key(instance)
        return Sealed(envelope.seal(key, kid, self.encode(value), context=context))

    def current_key_id(self, instance: models.Model) -> str:
        """The id of the key under which a write of this instance would be encrypted."""
        from gmcrypto import keystore

        subject = _data_subject(instance)
        return keystore.active(self.purpose).kid if subject is None else _SUBJECT_PREFIX + subject

    def _writing_key(self, instance: models.Model) -> tuple[bytes, str]:
        from gmcrypto import keystore, subject_keys

        subject = _data_subject(instance)
        if subject is not None:
            return subject_keys.subject_key(subject), _SUBJECT_PREFIX + subject
        key = keystore.active(self.purpose)
        return key.secret, key.kid

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Sealed):
            if not add:
                return value
            # A copied row has a new public id; opening fails now instead of at the first reader.
            value = getattr(model_instance, self.attname)
        elif value is None:
            value = getattr(model_instance, self.attname)
        return None if value is None else self.seal(model_instance, value)

    # From and to the database

    def from_db_value(
        self, value: Any, expression: Expression, connection: BaseDatabaseWrapper
    ) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if value is None:
            return None
        if not isinstance(value, Sealed):
            # update() and bulk_update() come here without an instance, so without a place.
            raise FieldError(f"{self._label()} is encrypted: set it on an instance and save that.")
        return value.blob

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(
            f"{self._label()} is encrypted and cannot be searched; use its blind index, or isnull."
        )

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self._label()} is encrypted and has no parts to search.")

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self._label()} is encrypted and is not written into fixtures.")

    def _label(self) -> str:
        return f"{self.model._meta.label}.{self.name}"


class EncryptedTextField(_EncryptedField):
    """Encrypted text of any length."""

    empty_strings_allowed = True

    def encode(self, value: Any) -> bytes:
        """Text to bytes."""
        if not isinstance(value, str):
            raise TypeError(f"{self._label()} takes text.")
        return value.encode()

    def decode(self, plaintext: bytes) -> str:
        """Bytes to text."""
        return plaintext.decode()

    def to_python(self, value: Any) -> str | None:
        """What a form gave, as text."""
        return None if value is None else str(value)


class EncryptedBytesField(_EncryptedField):
    """Encrypted bytes, such as a file."""

    def encode(self, value: Any) -> bytes:
        """As they are."""
        if not isinstance(value, bytes):
            raise TypeError(f"{self._label()} takes bytes.")
        return value

    def decode(self, plaintext: bytes) -> bytes:
        """As they were."""
        return plaintext

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        """No form edits this field by itself."""
        return


class EncryptedJSONField(_EncryptedField):
    """An encrypted JSON value."""

    def encode(self, value: Any) -> bytes:
        """JSON to bytes."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, plaintext: bytes) -> Any:
        """Bytes to JSON."""
        return json.loads(plaintext)

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        """No form edits this field by itself."""
        return


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]
    """The 32 bytes that ``gmcrypto.index.blind_index`` computes, for equality and uniqueness."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = INDEX_BYTES
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Leave out the length, which is fixed."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Refuse what is not an index; the plain value itself, above all."""
        if value is not None and (
            not isinstance(value, bytes | bytearray | memoryview) or len(value) != INDEX_BYTES
        ):
            raise FieldError(f"{self.name} takes the {INDEX_BYTES} bytes of a blind index.")
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(
        self, value: Any, expression: Expression, connection: BaseDatabaseWrapper
    ) -> bytes | None:
        """Bytes instead of the driver's own type, so that values compare."""
        return None if value is None else bytes(value)


def encrypted_fields(model: type[models.Model]) -> list[_EncryptedField]:
    """The encrypted fields of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, _EncryptedField)]


def emptied_indexes(model: type[models.Model]) -> dict[str, None]:
    """Changes that empty the blind indexes of a row, as far as its table lets them be empty."""
    found = (field for field in model._meta.concrete_fields if isinstance(field, BlindIndexField))
    return {field.name: None for field in found if field.null}


def prefetch_keys(instances: Iterable[models.Model]) -> None:
    """Load the keys of all these rows in one query, before their fields are read one by one."""
    from gmcrypto import subject_keys

    sealed = [
        value
        for instance in instances
        for field in encrypted_fields(type(instance))
        if isinstance(value := instance.__dict__.get(field.attname), Sealed)
    ]
    key_ids = {value.key_id() for value in sealed}
    subject_keys.prefetch_subject_keys(
        key_id.removeprefix(_SUBJECT_PREFIX) for key_id in key_ids if key_id.startswith(_SUBJECT_PREFIX)
    )


def _data_subject(instance: models.Model) -> str | None:
    named = getattr(instance, "data_subject", None)
    return None if named is None else str(named())
