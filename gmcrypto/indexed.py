"""What the blind indexes of each model are made of, so that they can be made again under another key.

Each room registers its models in its ``AppConfig.ready``; a check at the start refuses a model
with a blind index that nobody has registered, because a rotation of the key would lose its rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.db import models

from gmcrypto.fields import BlindIndexField
from gmcrypto.index import SECOND

Term = tuple[str, str]
"""The domain and the normalised value that an index is made of."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A model with blind indexes.

    Attributes:
        terms_of: From a row what each of its columns is made of; None where it has no value.
    """

    label: str
    terms_of: Callable[[Any], Mapping[str, Term | None]]

    @property
    def model(self) -> type[models.Model]:
        """The model itself."""
        return apps.get_model(self.label)

    @property
    def columns(self) -> list[str]:
        """The columns, without the second ones."""
        return columns_of(self.model)


_registered: dict[str, Indexed] = {}


def register(label: str, terms_of: Callable[[Any], Mapping[str, Term | None]]) -> None:
    """Say how the indexes of a model, for example ``cards.CardNumber``, are made from its row."""
    _registered[label] = Indexed(label, terms_of)


def all_indexed() -> list[Indexed]:
    """Every model that is registered, in the order of their names."""
    return [_registered[label] for label in sorted(_registered)]


def columns_of(model: type[models.Model]) -> list[str]:
    """The blind indexes of a model, without the second columns."""
    names = {field.name for field in model._meta.concrete_fields if isinstance(field, BlindIndexField)}
    return sorted(name for name in names if name.removesuffix(SECOND) not in names - {name})


def pairs_of(model: type[models.Model]) -> list[str]:
    """Those of them that have a second column."""
    names = {field.name for field in model._meta.concrete_fields}
    return [column for column in columns_of(model) if column + SECOND in names]


def check_registered(
    app_configs: Sequence[AppConfig] | None = None, **_options: Any
) -> list[checks.CheckMessage]:
    """Find models whose indexes a rotation would not reach, and unique columns without a second one."""
    found: list[checks.CheckMessage] = []
    for model in apps.get_models():
        if not columns_of(model) or model._meta.proxy:
            continue
        if model._meta.label not in _registered:
            found.append(
                checks.Error(
                    "The blind indexes of this model are not registered.",
                    hint="Call gmcrypto.indexed.register in the AppConfig.ready of its room.",
                    obj=model,
                    id="gmcrypto.E003",
                )
            )
        found += [
            checks.Error(
                f"{column} is unique, and its second column is not unique in the same way.",
                hint=f"Add {column}{SECOND} with the same constraints.",
                obj=model,
                id="gmcrypto.E004",
            )
            for column in columns_of(model)
            if not _is_twinned(model, column)
        ]
    return found


def _is_twinned(model: type[models.Model], column: str) -> bool:
    second = column + SECOND
    unique = [set(rule.fields) for rule in model._meta.total_unique_constraints]
    unique += [
        set(rule.fields) for rule in model._meta.constraints if isinstance(rule, models.UniqueConstraint)
    ]
    unique += [{field.name} for field in model._meta.concrete_fields if field.unique]
    return all(fields - {column} | {second} in unique for fields in unique if column in fields)
