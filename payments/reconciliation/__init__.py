"""Comparing what we say of money with what channels, hospitals and insurances say.

Pure rules and the matching are here; importing, writing differences down and deciding about them
are commands in ``payments.services``.
"""
