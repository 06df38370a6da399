"""Demo data of this room: an invented town, two hospitals, their systems and their staff.

Keys of clients are random and differ from one installation to the next. Passwords and the
seeds of second factors are derived from the first of those keys, so that they can be printed
again although only their digests are stored.
"""

import base64
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

import gmcrypto
from foundation.accounts import selectors as accounts
from foundation.accounts import services as account_services
from foundation.core.actor import Actor
from foundation.core.ids import crockford
from foundation.gateway import selectors as gateway_selectors
from foundation.gateway import services as gateway
from foundation.gateway.derived import national_app_secret
from foundation.gateway.scopes import SCOPES
from foundation.gateway.types import Algorithm, Environment
from institutions import demo_clinics, selectors, services
from institutions.models import Institution, Region
from institutions.rules import Role, TerminalKind, uscc_check_character
from institutions.types import InstitutionDetails

ACTOR = Actor.system("demo")
REASON = "演示数据"
CLIENT_NAME = "门诊信息系统"
# Kinds of keys that older installations were made without.
LATER_KEYS = (Algorithm.NATIONAL, Algorithm.WEBHOOK)
# This machine, where a visitor's own programs run, and names that belong to nobody.
THIS_MACHINE = ("127.0.0.1", "localhost")
HOSTS = (*THIS_MACHINE, "example.com", "his.example.com", "hospital.example.com")

REGIONS = (("110000", "示范省", ""), ("110100", "示范市", "110000"), ("110101", "示范区", "110100"))


@dataclass(frozen=True, slots=True)
class Hospital:
    """An invented institution; one without a hospital number has only applied."""

    code: str
    name: str
    short_name: str
    category: str
    hospital_id: str = ""
    terminals: tuple[tuple[str, str, str, str], ...] = ()
    hosts: tuple[str, ...] = THIS_MACHINE

    @property
    def uscc(self) -> str:
        """A credit code with the right check character and an impossible serial number."""
        first_17 = f"12110101{self.code[-9:]}"
        return first_17 + uscc_check_character(first_17)


PEOPLES = Hospital(
    "110101900000001",
    "示范市人民医院",
    "市人民医院",
    "A100",
    "90001",
    (
        ("T0001", "门诊一楼 3 号窗口", TerminalKind.WINDOW, "门诊楼一层收费处"),
        ("T0002", "门诊大厅自助机 1", TerminalKind.SELF_SERVICE, "门诊楼一层大厅"),
        ("T0003", "内科一诊室", TerminalKind.OTHER, "门诊楼三层"),
    ),
    HOSTS,
)
TRADITIONAL = Hospital(
    "110101900000002",
    "示范市中医院",
    "市中医院",
    "A210",
    "90002",
    (("T0001", "挂号收费 1 号窗口", TerminalKind.WINDOW, "门诊楼一层"),),
)
APPLICANT = Hospital("110101900000003", "示范区第一社区卫生服务中心", "第一社区中心", "B100")

STAFF = (
    ("centre", Role.CENTRE_ADMIN, None),
    ("reviewer", Role.REVIEWER, None),
    ("auditor", Role.AUDITOR, None),
    ("hospital", Role.INSTITUTION_ADMIN, PEOPLES),
    ("window", Role.WINDOW_CLERK, PEOPLES),
    ("hospital2", Role.INSTITUTION_ADMIN, TRADITIONAL),
    ("doctor", Role.DOCTOR, PEOPLES),
    ("nurse", Role.NURSE, PEOPLES),
    ("pharmacist", Role.PHARMACIST, PEOPLES),
)


def load(context: dict[str, object]) -> None:
    """Load what is missing; puts ``institutions``, ``clients`` and ``staff`` into the context.

    Each is a mapping: hospital number or user name to a public id.
    """
    for code, name, parent in REGIONS:
        if not Region.objects.filter(code=code).exists():
            services.add_region(code=code, name=name, parent=parent, actor=ACTOR)
    _register(APPLICANT)
    open_ones = (PEOPLES, TRADITIONAL)
    places = {hospital.hospital_id: _open(hospital) for hospital in open_ones}
    context["institutions"] = places
    # Backwards: in an older installation the second has the names of the first.
    context["clients"] = {
        hospital.hospital_id: _client(places[hospital.hospital_id], hospital.hosts)
        for hospital in reversed(open_ones)
    }
    context["staff"] = staff = {name: _member(name, role, place) for name, role, place in STAFF}
    for hospital in open_ones:
        demo_clinics.load(hospital.hospital_id, places[hospital.hospital_id], doctor_account=staff["doctor"])


def credentials() -> dict[str, Any]:
    """Keys, terminal and staff of the demo, for ``manage.py demo_credentials``.

    Raises:
        LookupError: If the demo data is not loaded.
    """
    place = selectors.institution_by_hospital_id(PEOPLES.hospital_id)
    if place is None:
        raise LookupError("no demo institution")
    client = gateway_selectors.client_named(place.public_id, CLIENT_NAME)
    native, tencent, national, sm2, events = (
        _kid(client, algorithm)
        for algorithm in (
            Algorithm.HMAC_SM3,
            Algorithm.TENCENT,
            Algorithm.NATIONAL,
            Algorithm.SM2_SM3,
            Algorithm.WEBHOOK,
        )
    )
    system_key = gateway_selectors.demo_secret(national)
    return {
        "tencent": {
            "hospitalId": place.hospital_id,
            "appId": tencent,
            "appSecret": gateway_selectors.demo_secret(tencent),
        },
        "national": {
            "appId": national,
            "appSecret": national_app_secret(national, system_key),
            "systemKey": system_key,
            "termId": PEOPLES.terminals[0][0],
        },
        "native": {
            "clientId": client,
            "keyId": native,
            "algorithm": Algorithm.HMAC_SM3.value,
            "secret": gateway_selectors.demo_secret(native),
            "sm2": {"keyId": sm2, "privateKey": _private_key(client).to_raw().hex()},
        },
        "events": {"clientId": client, "secret": gateway_selectors.demo_secret(events)},
        "terminal": {"terminalId": PEOPLES.terminals[0][0]},
        "staff": [
            {
                "username": name,
                "password": _password(name),
                "totpSecret": _totp_secret(name),
                "role": role.value,
            }
            for name, role, _ in STAFF
        ],
    }


def _register(hospital: Hospital) -> str:
    known = Institution.objects.filter(code=hospital.code).values_list("public_id", flat=True).first()
    if known is not None:
        return known
    return services.register_institution(
        details=InstitutionDetails(
            code=hospital.code,
            name=hospital.name,
            short_name=hospital.short_name,
            region=REGIONS[-1][0],
            level="32" if hospital.hospital_id else "99",
            category=hospital.category,
            uscc=hospital.uscc,
            contact_name="示范联系人",
            contact_phone="010-00000000",
        ),
        actor=ACTOR,
        reason=REASON,
    )


def _open(hospital: Hospital) -> str:
    place = _register(hospital)
    found = selectors.institution_by_public_id(place)
    if found is not None and not found.hospital_id:
        services.approve(institution=place, hospital_id=hospital.hospital_id, actor=ACTOR, reason=REASON)
    for terminal_id, name, kind, where in hospital.terminals:
        if selectors.terminal_of(place, terminal_id) is None:
            services.add_terminal(
                institution=place,
                terminal_id=terminal_id,
                name=name,
                kind=kind,
                place=where,
                actor=ACTOR,
                reason=REASON,
            )
    return place


def _client(place: str, hosts: tuple[str, ...]) -> str:
    known = gateway_selectors.client_named(place, CLIENT_NAME)
    if known:
        _complete(known, hosts)
        return known
    client = services.create_client(
        institution=place,
        name=CLIENT_NAME,
        scopes=list(SCOPES),
        environment=Environment.PRODUCTION,
        actor=ACTOR,
        reason=REASON,
    )
    for algorithm in (Algorithm.HMAC_SM3, Algorithm.TENCENT, *LATER_KEYS):
        gateway.add_key(client=client, algorithm=algorithm, actor=ACTOR, reason=REASON)
    gateway.add_key(
        client=client,
        algorithm=Algorithm.SM2_SM3,
        public_key=_private_key(client).public_key.to_pem(),
        actor=ACTOR,
        reason=REASON,
    )
    gateway.set_hosts(client=client, hosts=hosts, actor=ACTOR, reason=REASON)
    return client


def _complete(client: str, hosts: tuple[str, ...]) -> None:
    """Give the client of an older installation what has been added since."""
    found = gateway_selectors.client_ref(client)
    for algorithm in LATER_KEYS:
        if not gateway_selectors.kids(client, algorithm):
            gateway.add_key(client=client, algorithm=algorithm, actor=ACTOR, reason=REASON)
    if found is not None and found.scopes != frozenset(SCOPES):
        gateway.set_scopes(client=client, scopes=list(SCOPES), actor=ACTOR, reason=REASON)
    if found is not None and found.hosts in (frozenset(), frozenset(HOSTS)) and found.hosts != set(hosts):
        gateway.set_hosts(client=client, hosts=hosts, actor=ACTOR, reason=REASON)


def _member(username: str, role: Role, hospital: Hospital | None) -> str:
    account = accounts.staff_by_username(username)
    if account is None:
        account = account_services.create_staff(username=username, password=_password(username), actor=ACTOR)
    if not Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(account, _totp_secret(username))
    if selectors.actor_of_account(account.public_id) is None:
        place = selectors.institution_by_hospital_id(hospital.hospital_id) if hospital else None
        services.grant_membership(
            account=account.public_id,
            role=role,
            institution=place.public_id if place else "",
            actor=ACTOR,
            reason=REASON,
        )
    return account.public_id


def _kid(client: str, algorithm: str) -> str:
    found = gateway_selectors.kids(client, algorithm)
    if not found:
        raise LookupError(f"the demo client has no active {algorithm} key")
    return found[-1]


def _derived(client: str, what: str) -> bytes:
    """Bytes for a purpose, from the client's very first shared secret."""
    first = gateway_selectors.kids(client, Algorithm.HMAC_SM3, active_only=False)
    if not first:
        raise LookupError("no demo client")
    seed = gateway_selectors.demo_secret(first[0]).encode()
    return gmcrypto.hmac_sm3(seed, f"demo:{what}".encode())


def _derived_for_staff(what: str) -> bytes:
    place = selectors.institution_by_hospital_id(PEOPLES.hospital_id)
    client = gateway_selectors.client_named(place.public_id, CLIENT_NAME) if place else ""
    return _derived(client, what)


def _private_key(client: str) -> gmcrypto.PrivateKey:
    return gmcrypto.PrivateKey(_derived(client, "sm2"))


def _password(username: str) -> str:
    return crockford(_derived_for_staff(f"password:{username}")[:10])


def _totp_secret(username: str) -> str:
    return base64.b32encode(_derived_for_staff(f"totp:{username}")[:20]).decode()
