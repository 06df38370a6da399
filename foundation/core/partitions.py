"""Tables partitioned by month.

Rows that only grow (usage, audit) live in one partition a month, so that old months can be
detached whole. A default partition catches what no month covers: a late job must not lose
a row. Months are those of UTC, as stored.
"""

from datetime import UTC, datetime

from django.db import connection


def month_start(moment: datetime, ahead: int = 0) -> datetime:
    """The first instant of the moment's month, or of one some months ahead."""
    moment = moment.astimezone(UTC)
    months = moment.year * 12 + moment.month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def ensure_months(table: str, moment: datetime, *, ahead: int = 3) -> list[str]:
    """Create the partitions of a table from the moment's month on; those that exist stay.

    Returns:
        Names of the partitions made now.
    """
    made = []
    with connection.cursor() as cursor:
        for offset in range(ahead + 1):
            start, end = month_start(moment, offset), month_start(moment, offset + 1)
            name = f"{table}_{start:%Y%m}"
            cursor.execute("SELECT to_regclass(%s)", [name])
            row = cursor.fetchone()
            if row and row[0] is not None:
                continue
            # Identifiers cannot be parameters; both come from code, never from a caller.
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
                f"FOR VALUES FROM ('{start:%Y-%m-%d}') TO ('{end:%Y-%m-%d}')"
            )
            made.append(name)
    return made
