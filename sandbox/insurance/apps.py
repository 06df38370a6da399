"""The applications (渠道) that may call, with the regional habits that each was told."""

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from sandbox.answers import RestRefusal, text
from sandbox.national import sm2
from sandbox.store import Store

APPS = "insurance:apps"
# Invented, and worth nothing: they are printed here. A stranger's key signs on demand.
CENTRE_KEY = "1f2e3d4c5b6a79880716253443526170fedcba98765432100123456789abcdee"
STRANGER_KEY = "2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f70812"
DEMO_KEY = "4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e"
DEMO_ID, DEMO_SECRET = "SANDBOXINSURANCE0000000000000001", "SANDBOXINSURANCESECRET0000000001"
FORMS = {
    "user_id": ("standard", "secret"),
    "timestamp": ("milliseconds", "digits"),
    "padding": ("pkcs7", "zero"),
}


@dataclass(frozen=True)
class App:
    """One application. `notify_url` is where results are told, if anywhere."""

    app_id: str
    secret: str
    public_key: str
    user_id: str = "standard"
    timestamp: str = "milliseconds"
    padding: str = "pkcs7"
    notify_url: str = ""

    @property
    def uid(self) -> bytes:
        """The user identity of the signatures."""
        return sm2.USER_ID if self.user_id == "standard" else self.secret.encode()


@cache
def centre_public() -> str:
    """The centre's public key."""
    return sm2.public_of(CENTRE_KEY)


@cache
def demo() -> App:
    """The application that everybody may use, since its private key is printed above."""
    return App(DEMO_ID, DEMO_SECRET, sm2.public_of(DEMO_KEY))


async def find(state: Store, app_id: str) -> App | None:
    """The application with this number."""
    kept = await state.field(APPS, app_id)
    if kept is not None:
        return App(**kept)
    return demo() if app_id == DEMO_ID else None


async def keep(state: Store, app: App) -> None:
    """Write an application down."""
    await state.set_field(APPS, app.app_id, asdict(app))


def parse(body: dict[str, Any]) -> App:
    """An application from a console request; the demo's, where nothing else is said."""
    given = {name: text(body, name, longest=200) for name in App.__dataclass_fields__ if body.get(name)}
    for name, forms in FORMS.items():
        if given.get(name, forms[0]) not in forms:
            raise RestRefusal(400, "form_unknown", f"{name} is one of {', '.join(forms)}.", name)
    return App(**(asdict(demo()) | given))
