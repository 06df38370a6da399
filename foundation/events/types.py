"""The words of this room that others use too."""

from django.db.models import TextChoices


class InboxState(TextChoices):
    """Where an inbound message stands."""

    RECEIVED = "received", "已接收"
    WORKING = "working", "处理中"
    DONE = "done", "已完成"
    DEAD = "dead", "需人工处理"


class WaitReason(TextChoices):
    """What an inbound message waits for, besides its turn of the relay."""

    NOTHING = "", "无"
    TURN = "turn", "等待前一条"
    GAP = "gap", "等待缺失的消息"
    PERSON = "person", "等待找到就诊人"


class Outcome(TextChoices):
    """What became of an inbound message that is done."""

    NONE = "", "未完成"
    APPLIED = "applied", "已生效"
    STALE = "stale", "已过时，未生效"
    DISCARDED = "discarded", "已放弃"
