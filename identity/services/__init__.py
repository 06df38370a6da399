"""Consent, real-name checks, holdings and family."""

from identity.services.checks import SYNCHRONOUS_SECONDS, attach_person, check_real_name
from identity.services.checks_many import NameQuestion, attach_persons, check_real_names
from identity.services.consent import publish_notice, record_consent, withdraw_consent
from identity.services.corrections import correct_identity
from identity.services.family import (
    GUARDIANS_REASONS,
    PERSONS_REASONS,
    end_guardianship,
    open_dependant_holding,
    require_guardian,
)
from identity.services.handover import hand_over_adults
from identity.services.holdings import (
    end_all_of,
    end_holding,
    open_self_holding,
    raise_seen_holding,
    second_proof_holds,
)
from identity.services.invitations import (
    accept_by_code,
    accept_invitation,
    check_invitation_code,
    decline_invitation,
    expire_invitations,
    invite,
    withdraw_invitation,
)
from identity.services.proof import require_certificate
from identity.services.seen import keep_evidence
from identity.services.takeover import (
    confirm_take_over,
    hold_seen_person,
    refuse_take_over,
    take_overs_shown,
)

__all__ = [
    "GUARDIANS_REASONS",
    "PERSONS_REASONS",
    "SYNCHRONOUS_SECONDS",
    "NameQuestion",
    "accept_by_code",
    "accept_invitation",
    "attach_person",
    "attach_persons",
    "check_invitation_code",
    "check_real_name",
    "check_real_names",
    "confirm_take_over",
    "correct_identity",
    "decline_invitation",
    "end_all_of",
    "end_guardianship",
    "end_holding",
    "expire_invitations",
    "hand_over_adults",
    "hold_seen_person",
    "invite",
    "keep_evidence",
    "open_dependant_holding",
    "open_self_holding",
    "publish_notice",
    "raise_seen_holding",
    "record_consent",
    "refuse_take_over",
    "require_certificate",
    "require_guardian",
    "second_proof_holds",
    "take_overs_shown",
    "withdraw_consent",
    "withdraw_invitation",
]
