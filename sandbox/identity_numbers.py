"""The check of GB 11643, read here on its own, so that it does not share the product's mistakes."""

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_digit(first_seventeen: str) -> str:
    """The eighteenth character of an identity number."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_seventeen, strict=True))
    return _CHECKS[total % 11]


def is_valid(number: str) -> bool:
    """Whether an 18-character number has a real birth date and the right check digit."""
    first = number[:17]
    if len(number) != 18 or not (first.isascii() and first.isdigit()):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return check_digit(first) == number[17]
