"""Care mode, appearance and language are remembered, and lead back to where one was."""

import pytest
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from portal import context, preferences, styleguide


def post(**data: str) -> HttpResponse:
    return preferences.save(RequestFactory().post("/preferences/", data))


def page_with(**cookies: str) -> context.Page:
    request: HttpRequest = RequestFactory().get("/")
    request.COOKIES.update(cookies)
    return context.page(request)["page"]


def test_care_mode_is_kept_and_given_up() -> None:
    kept = post(care="1").cookies["care"]
    assert kept.value == "1"
    assert kept["httponly"]
    assert kept["max-age"] > 300 * 24 * 3600
    assert post(care="0").cookies["care"]["max-age"] == 0


def test_appearance_is_chosen_or_left_to_the_phone() -> None:
    assert post(theme="dark").cookies["theme"].value == "dark"
    assert post(theme="auto").cookies["theme"]["max-age"] == 0
    assert "theme" not in post(theme="pink").cookies


def test_only_languages_that_we_speak_are_kept() -> None:
    assert post(language="en").cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert settings.LANGUAGE_COOKIE_NAME not in post(language="tlh").cookies


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_way_back_stays_in_the_house(target: str) -> None:
    assert post(care="1", next=target)["Location"] == "/"


def test_the_way_back_keeps_its_query() -> None:
    assert post(care="1", next="/card/?kind=static")["Location"] == "/card/?kind=static"


def test_a_page_knows_how_its_reader_wants_it() -> None:
    plain = page_with()
    assert (plain["care"], plain["theme"]) == (False, "")
    chosen = page_with(care="1", theme="dark")
    assert (chosen["care"], chosen["theme"]) == (True, "dark")
    assert page_with(theme='"><script>')["theme"] == ""


def test_preferences_are_changed_by_post_only() -> None:
    assert preferences.save(RequestFactory().get("/preferences/")).status_code == 405


@override_settings(DEBUG=False, DEMO=False)
def test_the_style_guide_is_not_shown_in_production() -> None:
    with pytest.raises(Http404):
        styleguide.show(RequestFactory().get("/styleguide/"))
    with pytest.raises(Http404):
        styleguide.codes(RequestFactory().get("/styleguide/codes"))
