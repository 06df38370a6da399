"""Blind indexes: equality of protected values without showing them.

    HMAC-SM3(INDEX key, domain || 1F || value)

The caller normalises the value first. The domain keeps equal values of different kinds apart,
so that a telephone number in one table does not match an identifier in another.

A column that is unique has a second one beside it, ``x_index`` and ``x_index_next``, both unique
in the same way. While the INDEX key is exchanged services write both, and this is why one value
cannot be stored twice, although processes learn of a new key up to half a minute apart:

    a process that knows        writes        and shares with the stage before
    the old key alone           old, -
    the next one as well        old, new      the first column
    the new one as active       new, new      the second column
    the old one as retired      new, -        the first column

``gmcrypto.reindexing`` takes the next stage only when no process can be two stages behind and all
rows are in the form of the stage. A column that is only searched has no second one and is
rewritten in place.
"""

from django.db.models import Q

from gmcrypto import api, keystore
from gmcrypto.keyring import Key, Purpose

_SEPARATOR = b"\x1f"
SECOND = "_next"


def blind_index(domain: str, value: str) -> bytes:
    """The 32 bytes of a normalised value under the active INDEX key."""
    return _digest(keystore.active(Purpose.INDEX), domain, value)


def next_blind_index(domain: str, value: str) -> bytes | None:
    """What belongs into the second column; None while no rotation is under way."""
    key = _second_key()
    return None if key is None else _digest(key, domain, value)


def latest_blind_index(domain: str, value: str) -> bytes:
    """What belongs into a column that is rewritten in place: during a rotation the new index."""
    return _digest(_second_key() or keystore.active(Purpose.INDEX), domain, value)


def indexed_as(column: str, domain: str, value: str) -> Q:
    """The rows with this value, in either of the two columns; the column may be a path of relations."""
    found = Q(**{column: blind_index(domain, value)})
    upcoming = next_blind_index(domain, value)
    return found if upcoming is None else found | Q(**{f"{column}{SECOND}": upcoming})


def blind_index_candidates(domain: str, value: str) -> list[bytes]:
    """The indexes that may stand in the columns at present, the active key's first."""
    active, upcoming = keystore.active(Purpose.INDEX), _second_key()
    keys = [active] if upcoming is None or upcoming.kid == active.kid else [active, upcoming]
    return [_digest(key, domain, value) for key in keys]


def blind_index_versions(domain: str, value: str) -> list[bytes]:
    """The same under every key that there ever was, for digests that nobody can make again."""
    return [_digest(key, domain, value) for key in keystore.all_usable(Purpose.INDEX)]


def _second_key() -> Key | None:
    upcoming = keystore.next_key(Purpose.INDEX)
    if upcoming is None and keystore.leaving_key(Purpose.INDEX) is not None:
        return keystore.active(Purpose.INDEX)
    return upcoming


def _digest(key: Key, domain: str, value: str) -> bytes:
    prefix = domain.encode()
    if not prefix or _SEPARATOR in prefix:
        raise ValueError("The domain of an index is a word.")
    return api.hmac_sm3(key.secret, prefix + _SEPARATOR + value.encode())
