"""Developers' programs: the launcher, the environment, the messages."""
