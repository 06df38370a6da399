"""Path converters that every room may use."""

from foundation.core.ids import ALPHABET, PUBLIC_ID_LENGTH


class PublicIdConverter:
    """A public id in an address, as ``<pid:name>``.

    Anything else is no address of ours and gets 404 before any view or query sees it.
    """

    regex = f"[{ALPHABET}]{{{PUBLIC_ID_LENGTH}}}"

    def to_python(self, value: str) -> str:
        """The id as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """The id as it stands."""
        return value
