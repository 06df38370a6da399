"""Institutions and their staff, made by services; other rooms' tests use them too."""

from dataclasses import dataclass

from django.test import Client

from foundation.accounts.models import Account
from foundation.core.actor import Actor
from foundation.gateway import services as gateway
from foundation.gateway.scopes import SCOPES
from institutions import selectors, services
from institutions.rules import Role, uscc_check_character
from institutions.types import InstitutionDetails
from tests.accounts import people
from tests.gateway.signing import Signer

CENTRE = Actor.system("tests")
REASON = "测试"


def details(serial: int = 1, **changes: str) -> InstitutionDetails:
    """An invented institution in an invented division."""
    first_17 = f"1211010190000{serial:04d}"
    given = {
        "code": f"11010190000{serial:04d}",
        "name": f"测试第{serial}医院",
        "short_name": f"第{serial}医院",
        "region": "110101",
        "level": "32",
        "category": "A100",
        "uscc": first_17 + uscc_check_character(first_17),
    }
    return InstitutionDetails(**{**given, **changes})


def region() -> None:
    """The one division of the tests."""
    services.add_region(code="110101", name="测试区", actor=CENTRE)


def hospital(serial: int = 1) -> str:
    """An approved institution with number 9000N; gives its public id."""
    region()
    institution = services.register_institution(details=details(serial), actor=CENTRE)
    services.approve(institution=institution, hospital_id=f"9{serial:04d}", actor=CENTRE, reason=REASON)
    return institution


def terminal(institution: str, terminal_id: str = "T0001") -> str:
    """A window of an institution."""
    return services.add_terminal(
        institution=institution, terminal_id=terminal_id, name="1 号窗口", kind="01", actor=CENTRE
    )


@dataclass(frozen=True)
class System:
    """A client of an institution with a key of each kind."""

    client: str
    signer: Signer
    app_id: str
    app_secret: str


def system(institution: str, *, scopes: list[str] | None = None, name: str = "HIS") -> System:
    """A client that signs by HMAC-SM3 and has an appId of the Tencent-compatible dialect."""
    client = services.create_client(
        institution=institution,
        name=name,
        scopes=list(SCOPES) if scopes is None else scopes,
        environment="production",
        actor=CENTRE,
    )
    native = gateway.add_key(client=client, algorithm="HMAC-SM3", actor=CENTRE)
    tencent = gateway.add_key(client=client, algorithm="TENCENT", actor=CENTRE)
    return System(client, Signer(client, native.kid, native.secret), tencent.kid, tencent.secret)


def staff(role: Role, institution: str = "", *, username: str = "") -> Account:
    """A member of staff with a task and a second factor."""
    account = people.with_totp(people.staff(username or f"{role.value}-{institution[:6]}"))
    services.grant_membership(
        account=account.public_id, role=role, institution=institution, actor=CENTRE, reason=REASON
    )
    return account


def at_work(client: Client, account: Account) -> Client:
    """The client with a session of that person that both factors opened."""
    return people.signed_in_staff(client, account)


def actor(account: Account) -> Actor:
    """The actor that the person's task makes."""
    found = selectors.actor_of_account(account.public_id)
    assert found is not None
    return found
