"""The outside systems of the demo and the tests, played over the wire.

A separate process that imports none of the product's rooms, so that what the product sends is
checked by somebody else's reading of the protocol.
"""
