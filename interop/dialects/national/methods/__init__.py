"""The methods of the SDK."""

from interop.dialects.national.methods import card, code, person
from interop.dialects.national.methods.base import Method

__all__ = ["METHODS"]

METHODS: tuple[Method, ...] = (
    person.REGISTER,
    person.ALTER_INFO,
    card.CLOSE,
    card.QUERY,
    code.GENERATE,
    code.VERIFY,
)
