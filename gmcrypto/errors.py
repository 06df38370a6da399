"""What can go wrong in this package; every class is named for what happened."""


class GmCryptoError(Exception):
    """The base of all errors of this package."""


class InvalidKey(GmCryptoError):
    """The bytes given are not a valid key of the kind asked for."""


class PublishedKeyRefused(InvalidKey):
    """The key is printed in a standard or specification, so it protects nothing."""

    def __init__(self) -> None:
        super().__init__("This key is printed in a public specification. Make a key of your own.")


class DecryptionFailed(GmCryptoError):
    """The ciphertext does not open under this key and context.

    There is one message for every cause, so that an answer tells an attacker nothing.
    """

    def __init__(self) -> None:
        super().__init__("The data could not be decrypted.")


class MalformedData(GmCryptoError):
    """The bytes do not follow the encoding that they should have."""


class KeyUnavailable(GmCryptoError):
    """A key that is needed is not there or cannot be unwrapped."""


class KeyDestroyed(KeyUnavailable):
    """The key was destroyed on purpose; what it protected can never be read again."""


class RotationRefused(GmCryptoError):
    """The key cannot be rotated in its present state."""


class ProviderUnavailable(GmCryptoError):
    """The cryptographic library is missing or lacks an algorithm."""


class SelfTestFailed(GmCryptoError):
    """A known-answer test gave another answer than the standard prints."""
