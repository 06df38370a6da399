"""Answers kept in Valkey: asked by many, changed by few.

Each name is one hash: a version that every change raises after its commit, and an answer with the
version that was read before the database was. An answer of another version is not used; so one that
was made while a change was on its way out is not used either. An answer that has only become old is
made anew by one caller, while the others get the old one. Without Valkey the database answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import structlog
from django.db import transaction
from redis.exceptions import RedisError

from foundation.core import clock, redis

log = structlog.get_logger(__name__)

KEPT_SECONDS = 600
# Raised with the form of the answers, so that a new release does not read those of the old one.
_FORM = "2"
_MAKING_MILLISECONDS = 2_000

Build = Callable[[Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer, and when the database gave it."""

    value: Any
    cached_at: datetime


def read(names: Sequence[str], build: Build, *, fresh_seconds: float) -> dict[str, Answer]:
    """The answers of these names.

    Args:
        build: Makes those that are missing or old, from the database, all at once; None stands for
            a thing that does not exist.
        fresh_seconds: How old an answer may be before it is made anew without any change.
    """
    try:
        kept, versions, missing = _kept(names, fresh_seconds)
    except RedisError as exc:
        log.warning("answers_not_kept", error=type(exc).__name__)
        return _built(names, build)
    if not missing:
        return kept
    made = _built(missing, build)
    try:
        _keep(made, versions)
    except RedisError as exc:
        log.warning("answers_not_kept", error=type(exc).__name__)
    return kept | made


def forget_after_commit(names: Iterable[str]) -> None:
    """Have these answers made anew as soon as the present transaction is committed."""
    transaction.on_commit(partial(forget, sorted(set(names))))


def forget(names: Iterable[str]) -> None:
    """Have these answers made anew. Where Valkey is away they become old by themselves."""
    try:
        with redis.client().pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hincrby(_key(name), "version", 1)
                pipe.expire(_key(name), KEPT_SECONDS)
            pipe.execute()
    except RedisError as exc:
        log.warning("answers_not_forgotten", error=type(exc).__name__)


def _kept(
    names: Sequence[str], fresh_seconds: float
) -> tuple[dict[str, Answer], dict[str, bytes], list[str]]:
    """What may be used, the version of each name, and the names whose answers are to be made."""
    with redis.client().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hmget(_key(name), "version", "of", "at", "body")
        found = pipe.execute()
    kept: dict[str, Answer] = {}
    versions: dict[str, bytes] = {}
    missing: list[str] = []
    moment = clock.now()
    for name, (version, of, at, body) in zip(names, found, strict=True):
        versions[name] = version or b""
        if body is None or of != versions[name]:
            missing.append(name)
            continue
        cached_at = datetime.fromtimestamp(float(at), UTC)
        age = (moment - cached_at).total_seconds()
        if age >= fresh_seconds and _makes(name):
            missing.append(name)
        else:
            kept[name] = Answer(orjson.loads(body), cached_at)
    return kept, versions, missing


def _makes(name: str) -> bool:
    """Whether this caller is the one who makes an old answer anew."""
    return bool(redis.client().set(_key("making", name), b"", nx=True, px=_MAKING_MILLISECONDS))


def _built(names: Sequence[str], build: Build) -> dict[str, Answer]:
    moment = clock.now()
    made = build(names)
    # In the form in which it comes back, so that a first answer is like every later one.
    return {name: Answer(orjson.loads(orjson.dumps(made.get(name))), moment) for name in names}


def _keep(made: Mapping[str, Answer], versions: Mapping[str, bytes]) -> None:
    with redis.client().pipeline(transaction=False) as pipe:
        for name, answer in made.items():
            at = str(answer.cached_at.timestamp())
            fields = {"of": versions[name], "at": at, "body": orjson.dumps(answer.value)}
            pipe.hset(_key(name), mapping=fields)  # type: ignore[arg-type]
            pipe.expire(_key(name), KEPT_SECONDS)
            pipe.delete(_key("making", name))
        pipe.execute()


def _key(*parts: str) -> str:
    return redis.key("answers", _FORM, *parts)
