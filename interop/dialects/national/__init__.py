"""The dialect of the national SDK of 2018, as its clients speak it.

Paths, form, digest and encryption are those of the SDK; what the methods do is done by our
services. The SDK hands answers to its caller as they stand, so their form is ours:
``docs/institutions/national.md``.
"""
