"""Background work: named, routed to a queue that somebody works, and known where it is repeated."""

import ast
import re

import pytest

from portal.celery import app
from tests.architecture.source import ROOMS, sources
from tools.launcher import plan

NAME = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def queues() -> set[str]:
    arguments = plan._worker({})
    return set(arguments[arguments.index("--queues") + 1].split(","))


def test_every_task_has_a_name_of_its_own_room(tasks: set[str]) -> None:
    rooms = {room.rpartition(".")[2] for room in ROOMS}
    assert tasks
    assert [name for name in tasks if not NAME.fullmatch(name) or name.split(".")[0] not in rooms] == []


def test_every_task_says_its_name() -> None:
    unnamed = [
        f"{source.path}:{decorator.lineno}"
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if getattr(getattr(decorator, "func", decorator), "id", "") == "shared_task"
        and not (isinstance(decorator, ast.Call) and any(word.arg == "name" for word in decorator.keywords))
    ]
    assert unnamed == []


def test_every_task_goes_to_a_queue_that_the_worker_consumes(tasks: set[str]) -> None:
    routed = {name: app.amqp.router.route({}, name)["queue"].name for name in tasks}
    assert {name: queue for name, queue in routed.items() if queue not in queues()} == {}
    assert set(routed.values()) == queues()


def test_every_route_is_of_a_task_that_exists(tasks: set[str]) -> None:
    assert set(app.conf.task_routes) <= tasks


def test_every_repeated_entry_names_a_task_that_exists(tasks: set[str]) -> None:
    repeated = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert repeated <= tasks
