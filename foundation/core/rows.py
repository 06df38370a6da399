"""Many rows at once, by COPY."""

from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model in the caller's transaction; afterwards they have their keys.

    Written as ``Model.save`` would write them: defaults, times and encryption included. A broken
    constraint fails the whole call and leaves the transaction usable.

    Raises:
        IntegrityError: If a constraint is broken.
    """
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    options = type(rows[0])._meta
    fields = options.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column or field.name) for field in fields)
    statement = f"COPY {quote(options.db_table)} ({columns}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [options.db_table, options.pk.column, len(rows)],
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
        # The driver's own errors come out of a COPY, where Django's are looked for.
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(
                    [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
                )
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias
