"""Public identifiers."""

import os
from concurrent.futures import ThreadPoolExecutor

from foundation.core.ids import ALPHABET, new_public_id


def test_identifiers_have_26_characters_of_the_alphabet() -> None:
    assert all(len(one) == 26 and set(one) <= set(ALPHABET) for one in (new_public_id() for _ in range(200)))


def test_no_identifier_comes_twice_from_many_threads() -> None:
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: new_public_id(), range(20_000)))
    assert len(set(made)) == len(made)


def test_a_forked_process_makes_identifiers_of_its_own() -> None:
    new_public_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ",".join(new_public_id() for _ in range(20)).encode())
        os._exit(0)
    os.close(writing)
    own = {new_public_id() for _ in range(20)}
    os.waitpid(child, 0)
    theirs = set(os.read(reading, 10_000).decode().split(","))
    assert not own & theirs
