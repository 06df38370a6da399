"""A hospital's client with a shared secret, and one that signs with SM2."""

import pytest

import gmcrypto
from foundation.core.actor import Actor
from foundation.core.ids import new_public_id
from foundation.gateway import services
from foundation.gateway.scopes import SCOPES
from tests.gateway.signing import Signer

CENTRE = Actor.system("tests")


@pytest.fixture
def institution() -> str:
    return new_public_id()


@pytest.fixture
def client_id(db: None, institution: str) -> str:
    return services.create_client(institution=institution, name="门诊 HIS", scopes=list(SCOPES), actor=CENTRE)


@pytest.fixture
def hmac_signer(client_id: str) -> Signer:
    key = services.add_key(client=client_id, algorithm="HMAC-SM3", actor=CENTRE)
    return Signer(client=client_id, kid=key.kid, secret=key.secret)


@pytest.fixture
def sm2_signer(client_id: str) -> Signer:
    private, public = gmcrypto.generate_keypair()
    key = services.add_key(client=client_id, algorithm="SM2-SM3", public_key=public.to_pem(), actor=CENTRE)
    return Signer(client=client_id, kid=key.kid, private_key=private)
