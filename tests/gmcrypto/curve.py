"""Plain arithmetic on the SM2 curve, to build forgeries and odd points with."""

from gmcrypto import codec

Point = tuple[int, int]

BASE: Point = (codec.GX, codec.GY)


def add(left: Point, right: Point) -> Point:
    """The sum of two points of which neither is the other's negative."""
    if left == right:
        slope = (3 * left[0] ** 2 + codec.A) * pow(2 * left[1], -1, codec.P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, codec.P)
    x = (slope * slope - left[0] - right[0]) % codec.P
    return x, (slope * (left[0] - x) - left[1]) % codec.P


def multiply(scalar: int, point: Point) -> Point:
    """The multiple of a point by a positive number."""
    result: Point | None = None
    while scalar:
        if scalar & 1:
            result = point if result is None else add(result, point)
        point = add(point, point)
        scalar >>= 1
    assert result is not None
    return result


def forge(point: bytes, digest: bytes) -> tuple[int, int]:
    """A pair (r, s) that a verifier accepts who takes s at 512 bits, made without any private key.

    Such a verifier uses all of s in t = (r + s) mod n, but only its low 256 bits in [s]G. So
    both numbers can be chosen first, and an s that yields them is computed afterwards.
    """
    public: Point = (int.from_bytes(point[:32]), int.from_bytes(point[32:]))
    low, t = 0x1234567, 0x7654321
    x, _y = add(multiply(low, BASE), multiply(t, public))
    r = (int.from_bytes(digest) + x) % codec.N
    high = (t - r - low) * pow(2**256, -1, codec.N) % codec.N
    return r, low + (high << 256)
