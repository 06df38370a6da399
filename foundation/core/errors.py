"""Errors that a person or a client's engineer can act on.

Each thing that can go wrong by somebody's doing is a subclass with a stable code, the HTTP
status, a sentence that says what happened, and a sentence that says what to do next. The
edges (pages, problem+json, dialects) only translate them.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_registry: dict[str, type["DomainError"]] = {}


class DomainError(Exception):
    """Something that a caller did or met, named for what happened.

    Args:
        field: Name of the input field at fault, where there is one.
        params: Values for the ``%(name)s`` places of ``message``; never personal data.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    message: ClassVar[str | Promise] = _("操作没有完成")
    next_step: ClassVar[str | Promise] = _("请稍后再试；仍不成功，请联系服务热线")
    # Where a page can lead whoever met the error: the name of a route, and what its button says.
    way_on: ClassVar[tuple[str, str | Promise] | None] = None

    def __init__(self, *, field: str = "", **params: object) -> None:
        self.field = field
        self.params: Mapping[str, object] = params
        super().__init__(self.code)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        other = _registry.setdefault(cls.code, cls)
        if other.__qualname__ != cls.__qualname__ or other.__module__ != cls.__module__:
            raise TypeError(f"error code {cls.code!r} is taken by {other.__module__}.{other.__qualname__}")

    def text(self) -> str:
        """What happened, in the active language."""
        message = str(self.message)
        return message % self.params if self.params and "%(" in message else message

    def advice(self) -> str:
        """What to do next, in the active language."""
        advice = str(self.next_step)
        return advice % self.params if self.params and "%(" in advice else advice

    def __str__(self) -> str:
        return self.text()


def all_errors() -> list[type[DomainError]]:
    """Every error class that has been imported, by code."""
    return [_registry[code] for code in sorted(_registry)]


class InvalidInput(DomainError):
    """A field is missing, of the wrong type or outside its range."""

    code = "invalid_input"
    status = 400
    message = _("填写的内容有误")
    next_step = _("请检查标出的内容后重新提交")


class NotFound(DomainError):
    """There is no such thing, or the caller may not know that there is."""

    code = "not_found"
    status = 404
    message = _("没有找到")
    next_step = _("请核对后重试")


class PermissionRefused(DomainError):
    """The caller is known and may not do this."""

    code = "permission_refused"
    status = 403
    message = _("没有权限进行此操作")
    next_step = _("如需开通，请联系管理员")


class TooManyRequests(DomainError):
    """A rate limit was reached."""

    code = "too_many_requests"
    status = 429
    message = _("操作太频繁了")
    next_step = _("请 %(retry_after)s 秒后再试")

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after


class StalePage(DomainError):
    """The page was opened before somebody changed what it shows."""

    code = "stale_page"
    status = 409
    message = _("这个页面已经过时")
    next_step = _("请返回上一页，刷新后再操作")
