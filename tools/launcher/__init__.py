"""Starts the product and the servers it needs, with the standard library alone.

``python -m tools.launcher up`` is what ``make run`` ends in; ``test`` and ``with``
give a command a PostgreSQL and a Valkey of its own.
"""
