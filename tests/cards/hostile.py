"""Codes that must not pass, made from good ones in every way that somebody could try."""

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings

from cards.rules import codes
from cards.services import life
from foundation.core import clock
from tests.cards.world import CENTRE, Holder, Hospital, code_of, holder, scan, static_of

SEED = 20_261_121
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What may be said of each kind; a code of a stopped card is refused as the card.
SHAPE = {"code_malformed", "code_too_long", "code_foreign", "invalid_input", "not_json"}
FORGED = {"code_forged"}


@dataclass(frozen=True)
class Hostile:
    """A text, and the answers that are right for it."""

    name: str
    text: str = field(repr=False)
    codes: frozenset[str]


def hostile_codes(where: Hospital) -> Iterator[Hostile]:
    """At least two hundred of them; the same in every run but for the keys."""
    chance = random.Random(SEED)
    first, second = holder(), holder(name="测试乙")
    for make in (
        truncated,
        forged,
        swapped,
        reordered,
        foreign,
        out_of_time,
        too_long,
        nonsense,
    ):
        yield from make(first, second, chance)
    yield from replayed(where, first)
    yield from stopped()


def one(name: str, text: str, *answers: str) -> Hostile:
    return Hostile(name, text, frozenset(answers))


def truncated(who: Holder, _other: Holder, _chance: random.Random) -> Iterator[Hostile]:
    text = code_of(who)
    # After 64 characters stands the card's number alone, and with ":1" a static code: good ones.
    for length in (*range(1, 64, 3), *range(66, len(text), 2)):
        yield one(f"cut to {length}", text[:length], *SHAPE, *FORGED)
    for begin in range(1, 60, 6):
        yield one(f"without the first {begin}", text[begin:], *SHAPE)


def forged(who: Holder, _other: Holder, chance: random.Random) -> Iterator[Hostile]:
    text = code_of(who)
    card, kind, block, token, issuer = text.split(":")
    for place in range(len(token)):
        wrong = chance.choice([mark for mark in ALPHABET if mark != token[place]])
        made = token[:place] + wrong + token[place + 1 :]
        yield one(f"token changed at {place}", ":".join((card, kind, block, made, issuer)), *FORGED)
    for place in range(0, 32, 2):
        wrong = chance.choice([mark for mark in "0123456789ABCDEF" if mark != block[place]])
        made = block[:place] + wrong + block[place + 1 :]
        yield one(f"block changed at {place}", ":".join((card, kind, made, token, issuer)), *FORGED)
    for place in range(0, 64, 4):
        wrong = chance.choice([mark for mark in "0123456789ABCDEF" if mark != card[place]])
        made = card[:place] + wrong + card[place + 1 :]
        yield one(f"card changed at {place}", ":".join((made, kind, block, token, issuer)), *FORGED)
        yield one(f"static card changed at {place}", f"{made}:1", "card_unknown")
    for number in range(10):
        made = "".join(chance.choices(ALPHABET, k=18))
        yield one(f"token by chance {number}", ":".join((card, kind, block, made, issuer)), *FORGED)


def swapped(who: Holder, other: Holder, _chance: random.Random) -> Iterator[Hostile]:
    """Parts of two good codes put together."""
    mine, theirs = code_of(who).split(":"), code_of(other, at=clock.now() - timedelta(seconds=1)).split(":")
    for chosen in range(1, 2**3 - 1):
        mixed = list(mine)
        for bit, place in enumerate((0, 2, 3)):
            if chosen >> bit & 1:
                mixed[place] = theirs[place]
        yield one(f"parts of two codes {chosen}", ":".join(mixed), *FORGED)


def reordered(who: Holder, _other: Holder, chance: random.Random) -> Iterator[Hostile]:
    parts = code_of(who).split(":")
    seen = {tuple(parts)}
    while len(seen) < 21:
        made = tuple(chance.sample(parts, len(parts)))
        if made not in seen:
            seen.add(made)
            yield one(f"order {len(seen)}", ":".join(made), *SHAPE)


def foreign(who: Holder, _other: Holder, _chance: random.Random) -> Iterator[Hostile]:
    """Other centres' codes, and ours dressed as theirs: no route leads to them."""
    card, _kind, block, token, _issuer = code_of(who).split(":")
    unroutable = ("code_foreign", "code_forged", "code_malformed", "code_route_unknown")
    for issuer in ("35020001001", "99999999999", "0", "11010100002", "A" * 11):
        yield one(f"of {issuer}", f"{card}:0:{block}:{token}:{issuer}", *unroutable)
        yield one(f"of {issuer} without a token", f"{card}:0:{block}::{issuer}", *unroutable)
        yield one(f"static of {issuer}", f"{card}:1:::{issuer}", *unroutable)
    yield one("three segments", f"{card}:0:{block}", *unroutable)
    yield one("ours without its token", f"{card}:0:{block}::{settings.EHCAPPID}", *unroutable)
    yield one("a citizen card", "1" * 24, "city_card_not_accepted")
    yield one(
        "a temporary card of nobody",
        "0123456789ABCDEF" * 4 + ":9",
        "temporary_card_not_accepted",
        "card_unknown",
    )


def out_of_time(who: Holder, _other: Holder, _chance: random.Random) -> Iterator[Hostile]:
    for minutes in (3, 10, 60, 24 * 60, 400 * 24 * 60):
        past = clock.now() - timedelta(minutes=minutes)
        yield one(f"{minutes} minutes old", code_of(who, at=past), "code_expired")
    for minutes in (3, 10, 60, 24 * 60, 400 * 24 * 60):
        ahead = clock.now() + timedelta(minutes=minutes)
        yield one(f"{minutes} minutes ahead", code_of(who, at=ahead), "code_not_yet_valid")


def too_long(who: Holder, _other: Holder, _chance: random.Random) -> Iterator[Hostile]:
    text = code_of(who)
    for more in (20, 50, 130, 1_000, 3_000):
        yield one(f"{more} characters more", text + "0" * more, *SHAPE)
        yield one(f"{more} segments more", text + ":" * more, *SHAPE)


def nonsense(who: Holder, _other: Holder, chance: random.Random) -> Iterator[Hostile]:
    card = who.number.value
    for text in (
        "",
        " ",
        ":",
        "::::",
        "null",
        "0",
        "-1",
        "https://example.org/",
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "\u0000",
        "😀" * 5,
        "٣" * 64,
        f"{card}:2",
        f"{card}:1:1",
        f"{card}:-1",
        f"{card}:0",
        f"{card}:0:",
        f"{card}:0:{'0' * 32}:0:",
        f"{card} :1 x",
        f"{card[:63]}G:1",
        f"{card}\n{card}",
        f"{card};1",
        "%s%s%n",
    ):
        yield one(f"text {text!r}", text, *SHAPE, *FORGED)
    for number in range(20):
        made = "".join(chance.choices(string.printable, k=chance.randrange(1, 130)))
        yield one(f"noise {number}", made, *SHAPE)


def replayed(where: Hospital, who: Holder) -> Iterator[Hostile]:
    for number in range(5):
        text = code_of(who)
        scan(text, where)
        yield one(f"used {number}", text, "code_used")
        yield one(f"used {number}, in other letters", f"  {text.lower()}\r\n", "code_used")


def stopped() -> Iterator[Hostile]:
    for act, answer in (
        (life.freeze_card, "card_frozen"),
        (life.report_loss, "card_lost"),
        (life.cancel_card, "card_cancelled"),
    ):
        who = holder()
        texts = code_of(who), static_of(who)
        act(card_pk=who.card.pk, reason="测试", actor=CENTRE)
        for text in texts:
            yield one(f"{answer} {codes.parse(text, own_issuer=settings.EHCAPPID)!r:.12}", text, answer)
