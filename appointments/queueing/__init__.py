"""What the commands of queues are made of: places in a queue, turns at a desk, and who hears of it.

Every command that changes who stands where first holds the row of the queue, so that two desks
of one queue act one after the other, and nobody waits for another queue.
"""
