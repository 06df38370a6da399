"""An institution asks for its application, gets it released, and tends its keys."""

import base64
import re
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.test import Client

import gmcrypto
from foundation.core import clock
from foundation.gateway.models import ApiClient, ClientKey
from gmcrypto.statements import signed_bytes
from institutions.rules import Role
from onboarding.models import ClientRequest
from onboarding.services.authorisation import FORM
from tests.gateway.signing import Signer
from tests.institutions import people
from tests.institutions.test_admin import REASON, submit

pytestmark = [pytest.mark.django_db, pytest.mark.row("CC-08")]

SCOPES = ["code:verify", "card:read"]
REQUESTS = "/institution/onboarding/clientrequest/"


@pytest.fixture
def place() -> str:
    return people.hospital()


@pytest.fixture
def hospital(place: str) -> Client:
    return people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, place, username="hospital"))


@pytest.fixture
def centre() -> Client:
    return people.at_work(Client(), people.staff(Role.CENTRE_ADMIN, username="centre"))


def ask(hospital: Client, place: str, **changes: Any) -> ClientRequest:
    data = {"institution": place, "name": "门诊信息系统", "scopes": SCOPES, "purpose": "挂号和取药时核验"}
    answer = submit(hospital, f"{REQUESTS}add/", **{**data, **changes})
    assert answer.status_code == 302, answer.content.decode()
    return ClientRequest.objects.latest("pk")


def release(centre: Client, row: ClientRequest, scopes: list[str] | None = None) -> ApiClient:
    address = f"/admin/onboarding/clientrequest/{row.public_id}/do/release/"
    submit(centre, address, scopes=SCOPES if scopes is None else scopes)
    row.refresh_from_db()
    return ApiClient.objects.get(public_id=row.client)


def once(page: Any) -> list[str]:
    return re.findall(r'class="readonly once">([^<]+)<', page.content.decode())


def keyed(hospital: Client, client: ApiClient) -> Signer:
    """Add a key by the institution's own page."""
    address = f"/institution/gateway/apiclient/{client.public_id}/do/add-key/"
    kid, secret = once(submit(hospital, address, algorithm="HMAC-SM3", public_key=""))
    return Signer(client.public_id, kid, secret)


@pytest.fixture
def signer(hospital: Client, centre: Client, place: str) -> Signer:
    return keyed(hospital, release(centre, ask(hospital, place)))


def is_served(signer: Signer) -> bool:
    answer = Client().get("/api/v1/time", **signer.headers("GET", "/api/v1/time"))
    assert answer.status_code in {200, 401, 403}
    return answer.status_code == 200


def test_an_application_is_asked_for_released_and_signs(signer: Signer) -> None:
    assert is_served(signer)


def test_the_centre_may_grant_less_but_not_more(hospital: Client, centre: Client, place: str) -> None:
    assert release(centre, ask(hospital, place), ["card:read"]).scopes == ["card:read"]
    row = ask(hospital, place, name="另一个系统", scopes=["card:read"])
    address = f"/admin/onboarding/clientrequest/{row.public_id}/do/release/"
    assert submit(centre, address, scopes=["card:read_full"]).status_code == 200
    assert not ApiClient.objects.filter(name="另一个系统").exists()


def test_a_refusal_tells_the_institution_why(hospital: Client, centre: Client, place: str) -> None:
    row = ask(hospital, place)
    address = f"/admin/onboarding/clientrequest/{row.public_id}/do/refuse/"
    submit(centre, address, message="用途写得不够具体")
    assert "用途写得不够具体" in hospital.get(f"{REQUESTS}{row.public_id}/change/").content.decode()
    again = f"/admin/onboarding/clientrequest/{row.public_id}/do/release/"
    assert centre.get(again).status_code == 409
    assert not ApiClient.objects.exists()


def test_an_institution_releases_nothing_itself_and_asks_for_no_other(hospital: Client, place: str) -> None:
    row = ask(hospital, place)
    released = hospital.post(f"{REQUESTS}{row.public_id}/do/release/", {"scopes": SCOPES, "reason": REASON})
    assert released.status_code == 403
    other = people.hospital(2)
    data = {"institution": other, "name": "x", "scopes": SCOPES, "purpose": "不属于本机构"}
    assert submit(hospital, f"{REQUESTS}add/", **data).status_code == 200
    assert not ClientRequest.objects.filter(institution__public_id=other).exists()


def rotate(hospital: Client, signer: Signer, hours: int = 24) -> Signer:
    key = ClientKey.objects.get(kid=signer.kid)
    address = f"/institution/gateway/clientkey/{key.public_id}/do/rotate/"
    kid, secret = once(submit(hospital, address, hours=hours, public_key=""))
    return Signer(signer.client, kid, secret)


def test_keys_overlap_and_the_old_one_ends_by_itself(hospital: Client, signer: Signer) -> None:
    assert is_served(signer)
    fresh = rotate(hospital, signer)
    assert is_served(signer)
    assert is_served(fresh)
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=5)):
        assert not is_served(signer)
        assert is_served(fresh)


def test_a_key_whose_end_is_set_is_not_rotated_again(hospital: Client, signer: Signer) -> None:
    rotate(hospital, signer)
    key = ClientKey.objects.get(kid=signer.kid)
    address = f"/institution/gateway/clientkey/{key.public_id}/do/rotate/"
    assert hospital.get(address).status_code == 409
    assert ClientKey.objects.count() == 2


@pytest.fixture
def stops(hospital: Client, centre: Client, place: str, signer: Signer) -> dict[str, Any]:
    app = f"gateway/apiclient/{signer.client}/do"
    return {
        "institution": lambda: submit(centre, f"/admin/institutions/institution/{place}/do/suspend/"),
        "app by the centre": lambda: submit(centre, f"/admin/{app}/suspend/"),
        "app by its owner": lambda: submit(hospital, f"/institution/{app}/suspend/"),
        "app closed": lambda: submit(hospital, f"/institution/{app}/close/"),
    }


@pytest.mark.parametrize("stop", ["institution", "app by the centre", "app by its owner", "app closed"])
def test_a_stop_bites_at_the_next_call(stops: dict[str, Any], signer: Signer, stop: str) -> None:
    # The credential is in the process's memory from this call on.
    assert is_served(signer)
    stops[stop]()
    assert not is_served(signer)


def test_only_the_centre_resumes_an_application(hospital: Client, centre: Client, signer: Signer) -> None:
    app = f"gateway/apiclient/{signer.client}/do"
    submit(hospital, f"/institution/{app}/suspend/")
    assert hospital.post(f"/institution/{app}/resume/", {"reason": REASON}).status_code == 403
    submit(centre, f"/admin/{app}/resume/")
    assert is_served(signer)


def test_a_closed_application_gets_no_key_any_more(hospital: Client, signer: Signer) -> None:
    app = f"/institution/gateway/apiclient/{signer.client}/do"
    submit(hospital, f"{app}/close/")
    assert hospital.get(f"{app}/add-key/").status_code == 409
    assert not ClientKey.objects.filter(state="active").exists()


def authorisation(client: Client, row: ClientRequest) -> Any:
    return client.get(f"{REQUESTS}{row.public_id}/authorisation/")


@pytest.mark.row("CC-07")
def test_the_authorisation_file_is_signed_and_says_what_is_granted(
    hospital: Client, signer: Signer, place: str
) -> None:
    answer = authorisation(hospital, ClientRequest.objects.get())
    file = orjson.loads(answer.content)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert file["statement"]["client"]["id"] == signer.client
    assert file["statement"]["scopes"] == sorted(SCOPES)
    public = gmcrypto.PublicKey(bytes.fromhex(file["signature"]["public_key"]))
    signature = base64.b64decode(file["signature"]["value"])
    assert gmcrypto.verify(public, signed_bytes(FORM, file["statement"]), signature)
    file["statement"]["scopes"].append("card:read_full")
    assert not gmcrypto.verify(public, signed_bytes(FORM, file["statement"]), signature)


@pytest.mark.row("CC-07")
def test_no_authorisation_for_strangers_nor_for_a_stopped_application(
    hospital: Client, centre: Client, signer: Signer
) -> None:
    row = ClientRequest.objects.get()
    stranger = people.at_work(Client(), people.staff(Role.INSTITUTION_ADMIN, people.hospital(2)))
    assert authorisation(stranger, row).status_code == 404
    submit(centre, f"/admin/gateway/apiclient/{signer.client}/do/suspend/")
    assert authorisation(hospital, row).status_code == 409
