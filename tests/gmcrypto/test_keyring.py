"""The pure key ring and the root key, without Django."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import gmcrypto
from gmcrypto import keyring, root, vectors
from gmcrypto.errors import InvalidKey, KeyUnavailable, PublishedKeyRefused, RotationRefused
from gmcrypto.keyring import KeyRing, KeyState, Purpose, check_secret
from gmcrypto.root import RootKey
from tests.gmcrypto.memory import MemoryStore, clock

ROOT = "00112233445566778899aabbccddee0f"
OTHER_ROOT = "f0112233445566778899aabbccddee00"


def make_ring(store: MemoryStore, *, seconds: float = 30.0, text: str = ROOT) -> KeyRing:
    return KeyRing(RootKey.from_hex(text), store, clock=clock, cache_seconds=seconds)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def ring(store: MemoryStore) -> KeyRing:
    ring = make_ring(store)
    ring.ensure()
    return ring


def test_the_core_imports_no_django() -> None:
    modules = "api codec envelope keyring root selftest providers vectors subject_cache"
    code = "import sys, gmcrypto\n"
    code += "\n".join(f"import gmcrypto.{name}" for name in modules.split())
    code += "\nassert not [name for name in sys.modules if name.split('.')[0] == 'django']"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(gmcrypto.__file__).parents[1])


def test_every_purpose_gets_one_key_and_the_second_run_none(ring: KeyRing, store: MemoryStore) -> None:
    assert {key.purpose for key in store.keys.values()} == set(Purpose)
    assert ring.ensure() == []
    assert make_ring(store).active(Purpose.INDEX).secret == ring.active(Purpose.INDEX).secret


def test_keys_differ_and_have_the_size_of_their_purpose(ring: KeyRing) -> None:
    secrets = {purpose: ring.active(purpose).secret for purpose in Purpose}
    assert len(set(secrets.values())) == len(Purpose)
    assert {purpose for purpose, secret in secrets.items() if len(secret) == 16} == {
        Purpose.DATA,
        Purpose.DERIVATION,
        Purpose.VALIDITY,
        Purpose.CLIENT_SECRET,
    }


def test_the_store_sees_no_secret_and_no_repr_shows_one(ring: KeyRing, store: MemoryStore) -> None:
    key = ring.active(Purpose.TOKEN_MAC)
    assert key.secret not in store.keys[key.kid].wrapped
    for text in (repr(key), repr(store.keys[key.kid]), repr(ring.root)):
        assert key.secret.hex() not in text
        assert ROOT not in text


def test_the_seal_key_signs_and_only_it(ring: KeyRing, store: MemoryStore) -> None:
    key = ring.active(Purpose.AUDIT_SEAL)
    signature = gmcrypto.sign(key.private_key, b"checkpoint")
    assert gmcrypto.verify(key.public_key, b"checkpoint", signature)
    assert store.keys[key.kid].public_part == key.public_key.raw
    with pytest.raises(InvalidKey):
        _ = ring.active(Purpose.DATA).private_key


def test_a_rotation_retires_the_key_before(ring: KeyRing) -> None:
    first = ring.active(Purpose.DATA)
    second = ring.rotate(Purpose.DATA)
    assert (second.version, second.state) == (2, KeyState.ACTIVE)
    assert ring.active(Purpose.DATA) == second
    old = ring.by_version(Purpose.DATA, 1)
    assert (old.secret, old.state, old.retired_at) == (first.secret, KeyState.RETIRED, clock())
    assert [key.version for key in ring.all_usable(Purpose.DATA)] == [2, 1]


def test_several_derivation_keys_are_active_at_once(ring: KeyRing) -> None:
    assert [key.version for key in ring.all_active(Purpose.DERIVATION)] == [3, 2, 1]
    ring.rotate(Purpose.DERIVATION)
    assert [key.version for key in ring.all_active(Purpose.DERIVATION)] == [4, 3, 2, 1]
    for version in (1, 2, 3):
        ring.retire(f"derivation-{version}")
    assert [key.version for key in ring.all_active(Purpose.DERIVATION)] == [4]
    with pytest.raises(RotationRefused, match="only active key"):
        ring.retire("derivation-4")


def test_a_prepared_key_is_not_used_before_the_rotation(ring: KeyRing) -> None:
    prepared = ring.prepare(Purpose.INDEX)
    assert prepared.state is KeyState.NEXT
    assert ring.active(Purpose.INDEX).version == 1
    assert ring.next(Purpose.INDEX) == prepared
    with pytest.raises(RotationRefused, match="already prepared"):
        ring.prepare(Purpose.INDEX)
    assert ring.rotate(Purpose.INDEX).secret == prepared.secret
    assert ring.next(Purpose.INDEX) is None


def test_an_index_key_leaves_before_the_next_one_may_come(ring: KeyRing) -> None:
    ring.prepare(Purpose.INDEX)
    ring.rotate(Purpose.INDEX)
    leaving = ring.leaving(Purpose.INDEX)
    assert leaving is not None
    assert leaving.version == 1
    with pytest.raises(RotationRefused, match="not finished"):
        ring.prepare(Purpose.INDEX)
    assert ring.finish(Purpose.INDEX).state is KeyState.RETIRED
    with pytest.raises(RotationRefused, match="leaving"):
        ring.finish(Purpose.INDEX)
    assert ring.prepare(Purpose.INDEX).version == 3


def test_keys_are_wrapped_under_another_root(ring: KeyRing, store: MemoryStore) -> None:
    before = {kid: ring.by_kid(kid).secret for kid in store.keys}
    root = RootKey.from_hex("0f1e2d3c4b5a69788796a5b4c3d2e1ff")
    with pytest.raises(KeyUnavailable, match="wrapped by the root key"):
        KeyRing(root, store, clock=clock).refresh()
    both = KeyRing(root, store, clock=clock, before=ring.root)
    assert both.rewrap() == len(before)
    assert both.rewrap() == 0
    alone = KeyRing(root, store, clock=clock)
    assert {kid: alone.by_kid(kid).secret for kid in store.keys} == before


def test_an_index_key_is_not_rotated_unprepared(ring: KeyRing) -> None:
    with pytest.raises(RotationRefused, match="Prepare the next index key"):
        ring.rotate(Purpose.INDEX)


def test_a_key_given_by_the_upper_centre_is_taken(ring: KeyRing) -> None:
    given = os.urandom(16)
    ring.prepare(Purpose.DERIVATION, secret=given)
    assert ring.rotate(Purpose.DERIVATION).secret == given


@pytest.mark.parametrize(
    "secret",
    [vectors.SM4_KEY, bytes.fromhex("11223344556677888877665544332211"), bytes(16), b"\xff" * 16],
)
def test_published_keys_are_refused(ring: KeyRing, secret: bytes) -> None:
    for purpose in (Purpose.DERIVATION, Purpose.VALIDITY, Purpose.DATA):
        with pytest.raises(PublishedKeyRefused):
            ring.prepare(purpose, secret=secret)
    with pytest.raises(PublishedKeyRefused):
        RootKey.from_hex(secret.hex())
    with pytest.raises(PublishedKeyRefused):
        check_secret(Purpose.AUDIT_SEAL, vectors.SM2_SCALAR)


def test_a_key_of_the_wrong_size_is_refused(ring: KeyRing) -> None:
    with pytest.raises(InvalidKey, match="16 bytes"):
        ring.prepare(Purpose.DERIVATION, secret=os.urandom(32))


def test_another_root_says_which_one_is_needed(ring: KeyRing, store: MemoryStore) -> None:
    with pytest.raises(KeyUnavailable, match=ring.root.id):
        make_ring(store, text=OTHER_ROOT).active(Purpose.DATA)


def test_a_wrapped_key_in_anothers_place_is_refused(ring: KeyRing, store: MemoryStore) -> None:
    store.keys["validity-1"] = replace(store.keys["validity-1"], wrapped=store.keys["data-1"].wrapped)
    with pytest.raises(KeyUnavailable, match="another's place"):
        make_ring(store).active(Purpose.DATA)


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock of the key ring that stands still, and what moves it on."""
    moment = [time.monotonic()]

    def passed(seconds: float) -> None:
        moment[0] += seconds

    monkeypatch.setattr(keyring, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    return passed


def test_keys_are_loaded_once_and_again_after_a_while(
    store: MemoryStore, pass_time: Callable[[float], None]
) -> None:
    make_ring(store).ensure()
    ring = make_ring(store, seconds=0.05)
    before = store.loads
    for _ in range(10):
        ring.active(Purpose.DATA)
    assert store.loads == before + 1
    pass_time(0.06)
    ring.active(Purpose.DATA)
    assert store.loads == before + 2


def test_known_keys_stay_in_use_while_the_store_is_away(store: MemoryStore) -> None:
    make_ring(store).ensure()
    ring = make_ring(store, seconds=0.0)
    key = ring.active(Purpose.DATA)
    store.away = True
    assert ring.active(Purpose.DATA) == key
    with pytest.raises(KeyUnavailable):
        make_ring(store).active(Purpose.DATA)


def test_a_version_made_by_another_process_is_found(
    store: MemoryStore, pass_time: Callable[[float], None]
) -> None:
    first, second = make_ring(store), make_ring(store)
    first.ensure()
    second.active(Purpose.DATA)
    first.rotate(Purpose.DATA)
    assert second.active(Purpose.DATA).version == 1
    pass_time(1.01)
    assert second.by_version(Purpose.DATA, 2).state is KeyState.ACTIVE
    assert second.active(Purpose.DATA).version == 2


def test_unknown_versions_do_not_load_the_store_each_time(
    store: MemoryStore, pass_time: Callable[[float], None]
) -> None:
    ring = make_ring(store)
    ring.ensure()
    before = store.loads
    for version in range(100, 150):
        with pytest.raises(KeyUnavailable, match="no key"):
            ring.by_version(Purpose.TOKEN_MAC, version)
    assert store.loads <= before + 1


def test_eight_threads_use_one_ring_while_it_rotates(store: MemoryStore) -> None:
    ring = make_ring(store, seconds=0.0)
    ring.ensure()

    def read(_number: int) -> set[int]:
        return {ring.active(Purpose.SESSION).version for _ in range(200)}

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(read, number) for number in range(7)]
        for _ in range(5):
            ring.rotate(Purpose.SESSION)
        seen = set().union(*(reader.result() for reader in readers))
    assert seen <= set(range(1, 7))
    assert ring.active(Purpose.SESSION).version == 6


# The root key


@pytest.mark.parametrize("text", ["", "zz" * 16, "00" * 15, ROOT + "00", "not a key"])
def test_what_is_no_root_key_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(KeyUnavailable, match="32 hexadecimal characters"):
        RootKey.from_hex(text)


def test_a_root_file_is_made_private_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    made = root.create_file(str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert root.create_file(str(path)) == made == root.load(value="", path=str(path))
    assert [file.name for file in path.parent.iterdir()] == ["root.key"]


def test_processes_that_make_the_root_file_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = str(tmp_path / "root.key")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: root.create_file(path), range(16)))
    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_root_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "root.key"
    root.create_file(str(path))
    path.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        root.load(value="", path=str(path))


def test_a_root_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(KeyUnavailable):
        root.load(value="", path=str(tmp_path))


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "root.key")
    root.create_file(path)
    assert root.load(value=ROOT, path=path) == RootKey.from_hex(ROOT)


def test_no_root_key_is_none(tmp_path: Path) -> None:
    assert root.load(value="", path="") is None
    assert root.load(value="", path=str(tmp_path / "missing")) is None
