"""Opaque public identifiers.

Database keys never leave the building. What leaves it is 128 random bits in lower-case
Crockford base32: no vowels that spell words, no letters that are read as digits.
"""

import base64
import os
import secrets
import threading

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PUBLIC_ID_LENGTH = 26


def crockford(data: bytes, length: int | None = None) -> str:
    """The bytes as one big-endian number in lower-case Crockford base32.

    Args:
        data: The bytes to write.
        length: Number of characters; by default as many as the bytes can need.

    Raises:
        ValueError: If the number does not fit into ``length`` characters.
    """
    size = length if length is not None else -(-len(data) * 8 // 5)
    number = int.from_bytes(data)
    digits = []
    for _ in range(size):
        number, rest = divmod(number, 32)
        digits.append(ALPHABET[rest])
    if number:
        raise ValueError(f"{len(data)} bytes do not fit into {size} characters")
    return "".join(reversed(digits))


class _RandomPages:
    """Random bytes of the system, fetched by the page.

    Asking the system lets go of the interpreter each time; with many threads that costs far
    more than the bytes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._page = b""

    def take(self, size: int) -> bytes:
        with self._lock:
            if len(self._page) < size:
                self._page = secrets.token_bytes(_PAGE_BYTES)
            taken, self._page = self._page[:size], self._page[size:]
        return taken

    def forget(self) -> None:
        """Drop what is left: after a fork two processes would hand out the same bytes."""
        self._lock = threading.Lock()
        self._page = b""


_PAGE_BYTES = 1_024
_pages = _RandomPages()
os.register_at_fork(after_in_child=_pages.forget)


# Four zero bytes in front make whole groups of five bits: the six characters that are only theirs
# are cut off. So the standard library writes the number, in a tenth of the time.
_FILLER, _FILLED = bytes(4), 6
_AS_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())


def new_public_id() -> str:
    """A fresh random identifier of 26 characters, as ``crockford`` writes 16 bytes."""
    written = base64.b32encode(_FILLER + _pages.take(16))
    return written[_FILLED:].translate(_AS_CROCKFORD).decode()
