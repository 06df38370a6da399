"""The rules by which an institution lets its places out."""

from appointments.models import BookingRule
from appointments.rules.release import ReleaseTerms


def rule_of(institution_pk: int) -> BookingRule:
    """An institution's rule; where it has settled none, one with the defaults that is not kept."""
    return BookingRule.objects.filter(institution=institution_pk).first() or BookingRule(
        institution_id=institution_pk
    )


def terms_of(institution_pk: int) -> ReleaseTerms:
    """When an institution's places come out, and until when they may be booked."""
    rule = rule_of(institution_pk)
    return ReleaseTerms(
        release=rule.release,
        days_ahead=rule.days_ahead,
        release_time=rule.release_time,
        closes_minutes=rule.closes_minutes,
    )
