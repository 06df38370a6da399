"""The page on which somebody shows their face because an institution asks for it.

Whoever stands at a hospital's machine may have no account here. The address is the secret: it
names one order for half an hour, and the page shows the person masked.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.core.text import mask_name, mask_number
from foundation.gateway import addresses
from identity.services import orders
from institutions import selectors as institutions


@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, order_id: str) -> HttpResponse:
    """Who asks and whose face it is about; the button leads to the face check."""
    order = orders.order_of(order_id=order_id)
    if request.method == "POST":
        back = settings.BASE_URL + reverse("open-verify-done", args=[order_id])
        return HttpResponseRedirect(orders.begin_face_check(order_id=order_id, return_url=back))
    place = institutions.institution_by_public_id(order.institution)
    context = {
        "order": order,
        "institution": place.name if place is not None else "",
        "holder": mask_name(order.name),
        "number": mask_number(order.id_number),
        "back": _back(order),
    }
    response = render(request, "identity/verify.html", context)
    if settings.FACE_BASE:
        # The form is answered by a redirect to the face check, and the policy covers that too.
        policy = {"form-action": [addresses.origin_of(settings.FACE_BASE)]}
        response._csp_update = policy  # type: ignore[attr-defined]
    return response


@never_cache
@require_GET
def done(request: HttpRequest, order_id: str) -> HttpResponse:
    """Back from the face check: ask what came of it, and lead on to the institution."""
    order = orders.finish_face_check(order_id=order_id)
    back = _back(order)
    return HttpResponseRedirect(back) if back else redirect("open-verify", order_id)


def _back(order: orders.Order) -> str:
    """The institution's own page for this outcome; empty while there is none."""
    if not order.result:
        return ""
    address = order.success_url if order.state == "passed" else order.fail_url
    if not address:
        return ""
    return addresses.with_answer(address, verifyOrderId=order.order_id, verifyResult=order.result)
