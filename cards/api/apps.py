"""Which application calls the resident API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from cards import ways
from cards.states import Channel
from foundation.accounts.api.resident import ResidentView as SessionView

APP_HEADER = OpenApiParameter(
    "EHC-App",
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="Public id of the application, from the card centre; without it the call is the "
    "mini-program's. It says which channel the call counts to and is no secret.",
)


class ResidentView(SessionView):
    """A resident's session, by an application that the centre has not stopped."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse an application that is unknown or stopped, whatever it asks for.

        Raises:
            ResidentAppRefused: It is.
        """
        super().initial(request, *args, **kwargs)
        self.channel: Channel = ways.channel_of_app(request.headers.get("EHC-App", ""))
