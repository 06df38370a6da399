"""The dialect of the Tencent health-card open platform, as its clients speak it.

Paths, envelope, signature and error form are those of the platform; what the operations do
is done by our services. ``docs/institutions/tencent.md`` says which operations are open.
"""
