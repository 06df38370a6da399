"""The chart of a trend: plain shapes whose places are worked out here and drawn by a template.

The chart repeats the table beside it for eyes that like a line; whoever cannot see it loses
nothing, so it is one image with a sentence, and its points are no controls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from records.selectors.trends import Point, Trend

WIDTH, HEIGHT = 320, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 14, 26


@dataclass(frozen=True, slots=True)
class Dot:
    """A point: where it is drawn, and whether the hospital marked it."""

    x: float
    y: float
    is_abnormal: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws; ``band`` is the reference range as top and height."""

    width: int
    height: int
    left: int
    right: int
    dots: Sequence[Dot]
    line: str
    band: tuple[float, float] | None
    ticks: Sequence[tuple[float, str]]
    first: datetime
    last: datetime

    @property
    def span(self) -> int:
        """From the left edge of what is drawn to the right."""
        return self.right - self.left

    @property
    def tick_x(self) -> int:
        """Where the words of the axis end."""
        return self.left - 6


def chart_of(trend: Trend) -> Chart | None:
    """The chart of a trend with at least two numbers; one alone has no course."""
    points = trend.drawn
    if len(points) < 2:
        return None
    bottom, top = _bounds(trend, points)
    first, last = points[0].at, points[-1].at
    dots = [
        Dot(_x(point.at, first, last), _y(point.number or Decimal(0), bottom, top), point.result.is_abnormal)
        for point in points
    ]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots),
        band=_band(trend, bottom, top),
        ticks=[(_y(value, bottom, top), _short(value)) for value in (bottom, (bottom + top) / 2, top)],
        first=first,
        last=last,
    )


def _bounds(trend: Trend, points: Sequence[Point]) -> tuple[Decimal, Decimal]:
    values = [point.number for point in points if point.number is not None]
    values += [bound for bound in (trend.low, trend.high) if bound is not None]
    low, high = min(values), max(values)
    margin = (high - low) / 10 or abs(high) / 10 or Decimal(1)
    return low - margin, high + margin


def _band(trend: Trend, bottom: Decimal, top: Decimal) -> tuple[float, float] | None:
    if trend.low is None and trend.high is None:
        return None
    upper = _y(trend.high if trend.high is not None else top, bottom, top)
    lower = _y(trend.low if trend.low is not None else bottom, bottom, top)
    return (upper, round(lower - upper, 1)) if lower > upper else None


def _x(at: datetime, first: datetime, last: datetime) -> float:
    span = (last - first).total_seconds() or 1
    share = (at - first).total_seconds() / span
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: Decimal, bottom: Decimal, top: Decimal) -> float:
    share = float((value - bottom) / (top - bottom))
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def _short(value: Decimal) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
