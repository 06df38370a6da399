"""A hospital's system signs residents in with the health card (ID-17); the system is a standard client."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from django.db import transaction
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet
from pytest_django.live_server_helper import LiveServer

from cards.services import life
from foundation.audit.models import AuditEntry
from gmcrypto import keystore
from gmcrypto.keyring import Purpose
from institutions import selectors as institutions
from interop.oidc import keys, services
from interop.oidc.errors import RelyingPartyInvalid
from interop.oidc.models import LoginConsent
from tests.accounts import people
from tests.cards.applying import applicant
from tests.cards.holding import CENTRE, CardHolder, card_holder
from tests.cards.test_api_resident import Phone
from tests.institutions import people as institution_people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("ID-17")]
BACK = "https://his.example.org/callback"
VERIFIER = "v" * 64


class System:
    """The hospital's system: authlib's client, configured from the discovery document alone."""

    def __init__(
        self, server: LiveServer, *, serial: int = 1, scopes: tuple[str, ...] = ("profile",)
    ) -> None:
        hospital = institution_people.hospital(serial)
        made = services.register_party(
            institution_pk=institutions.visible(CENTRE).get(public_id=hospital).pk,
            name="市人民医院掌上服务",
            redirect_uris=[BACK],
            scopes=scopes,
            reason="上线",
            actor=CENTRE,
        )
        self.party = made.party
        self.server = server
        self.meta = httpx.get(f"{server.url}/oidc/.well-known/openid-configuration").json()
        self.client = OAuth2Client(
            made.party.client_id,
            made.secret,
            scope=" ".join(("openid", *scopes)),
            redirect_uri=BACK,
            code_challenge_method="S256",
        )

    def address(self, **more: str) -> str:
        url, _state = self.client.create_authorization_url(
            self.meta["authorization_endpoint"],
            state="st-1",
            nonce="no-1",
            code_verifier=VERIFIER,
            **more,
        )
        return f"/oidc/authorize/?{urlsplit(url).query}"

    def tokens(self, location: str) -> dict[str, Any]:
        return dict(
            self.client.fetch_token(
                self.server.url + "/oidc/token/",
                authorization_response=location,
                state="st-1",
                code_verifier=VERIFIER,
            )
        )

    def claims(self, tokens: dict[str, Any]) -> dict[str, Any]:
        keyset = KeySet.import_key_set(httpx.get(self.server.url + "/oidc/jwks.json").json())
        token = jwt.decode(tokens["id_token"], keyset, algorithms=["RS256"])
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.meta["issuer"]},
            aud={"essential": True, "value": self.party.client_id},
            nonce={"essential": True, "value": "no-1"},
        )
        registry.validate(token.claims)
        return dict(token.claims)

    def userinfo(self) -> httpx.Response:
        answer: httpx.Response = self.client.get(self.server.url + "/oidc/userinfo/")
        return answer


@pytest.fixture
def system(live_server: LiveServer) -> System:
    return System(live_server)


@pytest.fixture
def holder(client: Client) -> CardHolder:
    found = held(name="测试甲")
    people.signed_in(client, found.account)
    return found


def held(*about: str, **more: str) -> CardHolder:
    with transaction.atomic():
        return card_holder(*about, **more)


def agree(client: Client, address: str, *, allow: bool = True) -> str:
    """Press a button of the consent page; where the browser is led then."""
    page = client.get(address)
    assert page.status_code == 200, page.content.decode()
    fields = {bound.name: bound.value() or "" for bound in page.context["form"].hidden_fields()}
    answer = client.post(address, fields | ({"allow": "true"} if allow else {"deny": "1"}))
    assert answer.status_code == 302
    return str(answer["Location"])


def test_a_resident_signs_in_and_the_system_reads_what_was_agreed_to(
    client: Client, system: System, holder: CardHolder
) -> None:
    location = agree(client, system.address())
    claims = system.claims(system.tokens(location))
    told = system.userinfo().json()
    assert claims["acr"] == "urn:ehc:level:1"
    assert claims.keys().isdisjoint({"name", "gender", "birthdate", "id_number"})
    assert told["name"] == "测试甲"
    assert told["sub"] == claims["sub"]
    assert "id_number" not in told
    entry = AuditEntry.objects.get(action="login.data_read")
    assert (entry.actor_id, entry.subject_type) == (system.party.public_id, "mpi.Person")


def test_the_page_names_who_asks_and_for_what(client: Client, system: System, holder: CardHolder) -> None:
    page = client.get(system.address())
    text = page.content.decode()
    assert "市人民医院掌上服务" in text
    assert "姓名、性别、出生日期" in text
    assert "测试甲" not in text
    assert "https://his.example.org" in page["Content-Security-Policy"]


def test_no_means_no(client: Client, system: System, holder: CardHolder) -> None:
    query = parse_qs(urlsplit(agree(client, system.address(), allow=False)).query)
    assert query["error"] == ["access_denied"]
    assert not LoginConsent.objects.exists()


def test_who_agreed_once_is_not_asked_again_unless_for_more(
    client: Client, system: System, holder: CardHolder
) -> None:
    agree(client, system.address())
    assert client.get(system.address())["Location"].startswith(BACK)
    assert client.get(system.address(prompt="consent")).status_code == 200


def test_a_stranger_is_led_to_the_sign_in_and_back(client: Client, system: System) -> None:
    answer = client.get(system.address())
    assert answer["Location"].startswith("/sign-in/?next=%2Foidc%2Fauthorize%2F")
    silent = client.get(system.address(prompt="none"))
    assert parse_qs(urlsplit(silent["Location"]).query)["error"] == ["login_required"]


def test_without_a_card_that_works_nobody_signs_in(
    client: Client, system: System, holder: CardHolder
) -> None:
    life.freeze_card(card_pk=holder.card.pk, reason="测试", actor=holder.actor)
    assert client.get(system.address()).status_code == 403
    people.signed_in(client, applicant("13900001009").account)
    assert "先有一张" in client.get(system.address()).content.decode()


def test_a_card_that_is_stopped_later_closes_the_token(
    client: Client, system: System, holder: CardHolder
) -> None:
    system.tokens(agree(client, system.address()))
    life.freeze_card(card_pk=holder.card.pk, reason="测试", actor=holder.actor)
    assert system.userinfo().status_code == 401


def test_withdrawing_closes_the_token_and_asks_again(
    client: Client, system: System, holder: CardHolder
) -> None:
    system.tokens(agree(client, system.address()))
    assert "市人民医院掌上服务" in client.get("/me/logins/").content.decode()
    consent = LoginConsent.objects.get()
    client.post(f"/me/logins/{consent.public_id}/withdraw/")
    assert system.userinfo().status_code == 401
    assert client.get(system.address()).status_code == 200
    assert "还没有用健康卡登录过" in client.get("/me/logins/").content.decode()


def test_nobody_withdraws_somebody_elses_consent(client: Client, system: System, holder: CardHolder) -> None:
    agree(client, system.address())
    people.signed_in(client, held("13900001010", name="测试乙").account)
    answer = client.post(f"/me/logins/{LoginConsent.objects.get().public_id}/withdraw/")
    assert answer.status_code == 404
    assert LoginConsent.objects.get().withdrawn_at is None


def test_applications_list_and_withdraw_sign_ins_too(
    client: Client, system: System, holder: CardHolder
) -> None:
    system.tokens(agree(client, system.address()))
    phone = Phone(holder.account)
    (login,) = phone.get("logins").json()["logins"]
    assert login["system"] == "市人民医院掌上服务"
    assert login["institution"]
    stranger = Phone(held("13900001010", name="测试乙").account)
    assert stranger.get("logins").json() == {"logins": []}
    assert stranger.delete(f"logins/{login['id']}").status_code == 404
    assert phone.delete(f"logins/{login['id']}").status_code == 204
    assert system.userinfo().status_code == 401
    assert phone.get("logins").json() == {"logins": []}


@pytest.mark.row("ID-16")
def test_a_resident_takes_a_copy_of_what_was_agreed_to_and_taken_back(
    client: Client, system: System, holder: CardHolder
) -> None:
    system.tokens(agree(client, system.address()))
    client.post(f"/me/logins/{LoginConsent.objects.get().public_id}/withdraw/")
    (login,) = Phone(holder.account).post("copy").json()["sign_ins_elsewhere"]
    assert login["system"] == "市人民医院掌上服务"
    assert login["told"] == LoginConsent.objects.get().scopes
    assert login["given_at"] <= login["withdrawn_at"]
    stranger = Phone(held("13900001010", name="测试乙").account)
    assert stranger.post("copy").json()["sign_ins_elsewhere"] == []


def test_a_code_works_once(client: Client, system: System, holder: CardHolder) -> None:
    location = agree(client, system.address())
    system.tokens(location)
    with pytest.raises(Exception, match="invalid_grant"):
        system.tokens(location)


def test_a_suspended_system_is_stopped_at_once(client: Client, system: System, holder: CardHolder) -> None:
    system.tokens(agree(client, system.address()))
    services.suspend_party(party_pk=system.party.pk, reason="违规", actor=CENTRE)
    assert system.userinfo().status_code == 401
    assert client.get(system.address()).status_code == 400
    services.resume_party(party_pk=system.party.pk, reason="整改完成", actor=CENTRE)
    assert client.get(system.address()).status_code in {200, 302}


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://elsewhere.example.org/"},
        {"scope": "openid identity"},
        {"scope": "profile"},
        {"client_id": "unknown"},
        {"response_type": "token"},
        {"code_challenge": ""},
    ],
)
def test_a_request_that_was_changed_gives_nothing(
    client: Client, system: System, holder: CardHolder, changed: dict[str, str]
) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(system.address()).query).items()}
    sent = {name: value for name, value in (query | changed).items() if value}
    answer = client.get("/oidc/authorize/", sent)
    if answer.status_code == 302:
        assert answer["Location"].startswith(BACK)
        assert "code=" not in answer["Location"].split("error", maxsplit=1)[0]
        assert "error=" in answer["Location"]
    else:
        assert answer.status_code == 400


def test_two_institutions_cannot_compare_their_residents(
    client: Client, live_server: LiveServer, holder: CardHolder
) -> None:
    subs = []
    for serial in (1, 2):
        system = System(live_server, serial=serial)
        subs.append(system.claims(system.tokens(agree(client, system.address())))["sub"])
    assert subs[0] != subs[1]


def test_tokens_signed_before_a_rotation_still_verify(
    client: Client, system: System, holder: CardHolder
) -> None:
    tokens = system.tokens(agree(client, system.address()))
    keys.rotate_signing_key(reason="轮换", actor=CENTRE)
    assert system.claims(tokens)["sub"]
    assert len(httpx.get(system.server.url + "/oidc/jwks.json").json()["keys"]) == 2


def test_a_wrong_address_cannot_be_registered(system: System) -> None:
    with pytest.raises(RelyingPartyInvalid):
        services.register_party(
            institution_pk=system.party.institution_id,
            name="x",
            redirect_uris=["javascript:alert(1)"],
            scopes=[],
            reason="测试",
            actor=CENTRE,
        )


def test_asking_for_silence_opens_no_way_around_the_card(
    client: Client, system: System, holder: CardHolder
) -> None:
    page = client.get(system.address())
    fields = {bound.name: bound.value() or "" for bound in page.context["form"].hidden_fields()}
    life.freeze_card(card_pk=holder.card.pk, reason="测试", actor=holder.actor)
    people.signed_in(client, holder.account)
    assert client.post(system.address(prompt="none"), fields | {"allow": "true"}).status_code == 403
    people.signed_in_staff(client, people.with_totp(people.staff()))
    assert client.post(system.address(prompt="none"), fields | {"allow": "true"}).status_code == 403


def test_the_pseudonym_outlives_a_rotation_of_the_keys(
    client: Client, system: System, holder: CardHolder
) -> None:
    before = system.claims(system.tokens(agree(client, system.address())))["sub"]
    keystore.prepare(Purpose.INDEX)
    keystore.rotate(Purpose.INDEX)
    location = client.get(system.address())["Location"]
    assert system.claims(system.tokens(location))["sub"] == before


def test_what_no_column_can_hold_is_refused(client: Client, system: System) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "client_id": "\x00", "client_secret": "x"}
    assert client.post("/oidc/token/", form).status_code == 400
    assert client.get("/oidc/authorize/?client_id=%00&response_type=code&prompt=none").status_code == 400
