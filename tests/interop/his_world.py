"""A hospital whose system the sandbox plays: registered here, and told its keys there."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings as django_settings

from foundation.core.actor import Actor, ActorKind
from foundation.events import relay
from foundation.gateway import services as gateway
from interop.his import services
from interop.his.models import HospitalSystem, Offer
from tests.cards.world import CENTRE, Hospital, hospital
from tests.sandbox_server import Sandbox

CODE = "90009"


@dataclass
class Played:
    """One hospital, seen from both sides."""

    sandbox: Sandbox
    where: Hospital
    system: HospitalSystem
    event_secret: str = field(repr=False)

    @property
    def actor(self) -> Actor:
        return Actor(kind=ActorKind.CLIENT, id=self.where.signer.client, institution=self.where.public_id)

    def introduce(self, base_url: str = "http://127.0.0.1:9", **changes: Any) -> None:
        """Tell the sandbox the keys; `base_url` is where it sends events."""
        self.system.refresh_from_db()
        self.sandbox.order(
            "his/hospitals",
            **{
                "code": CODE,
                "name": "示范医院",
                "base_url": base_url,
                "client": self.where.signer.client,
                "signs": {"v1": self.event_secret},
                "caller": django_settings.EHCAPPID,
                "caller_key": self.system.key_id,
                "caller_secret": self.system.secret,
                **changes,
            },
        )

    def send(self, kind: str = "connection.test", **order: Any) -> dict[str, Any]:
        """Let the hospital send an event; what became of it."""
        said = self.sandbox.order("his/events", hospital=CODE, type=kind, **order)
        return dict(said["events"][0])

    def patients(self) -> dict[str, Any]:
        """The hospital's records."""
        return dict(self.sandbox.show("his/patients", hospital=CODE)["patients"])

    def calls(self, path: str) -> int:
        """How often the hospital was asked this."""
        asked = self.sandbox.show("requests")["requests"]
        return sum(each["path"] == f"/his/{CODE}/v1{path}" for each in asked)


def played(sandbox: Sandbox, *, offers: tuple[str, ...] = tuple(Offer.values)) -> Played:
    """A hospital with a client of every scope, whose system offers everything."""
    where = hospital()
    client = where.signer.client
    gateway.set_hosts(client=client, hosts=("127.0.0.1",), actor=CENTRE, reason="测试")
    key = gateway.add_key(client=client, algorithm="WEBHOOK", actor=CENTRE)
    made = services.add_system(
        institution=where.public_id,
        base_url=f"{sandbox.url}/his/{CODE}/v1",
        offers=offers,
        actor=CENTRE,
        reason="测试",
    )
    place = Played(sandbox, where, made.system, key.secret)
    place.introduce()
    return place


def settle() -> None:
    """Let the inbox be worked until nothing of it is due."""
    while relay.work_inbox():
        pass
