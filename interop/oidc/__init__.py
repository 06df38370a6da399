"""Signing in to hospitals' own systems with the health card, by OpenID Connect (ID-17).

The protocol is django-oauth-toolkit's; who may ask for what, what a resident agrees to, and
what is told of them is decided here.
"""
