"""Each component in its states, rendered."""

from typing import Any

import pytest
from django import forms
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils.translation import override

from portal.templatetags import ui

SVG = '<?xml version="1.0"?>\n<svg width="45" height="45"><path d="M4 4h7"/></svg>'


def draw(source: str, **values: Any) -> str:
    """The template's text, with runs of white space made one."""
    return " ".join(Template("{% load i18n ui %}" + source).render(Context(values)).split())


class VisitForm(forms.Form):
    number = forms.CharField(label="证件号码", help_text="18 位")
    whom = forms.ChoiceField(label="给谁用", choices=[("a", "自己"), ("b", "孩子")], widget=forms.RadioSelect)
    kind = forms.ChoiceField(label="类型", choices=[("1", "身份证")])
    remark = forms.CharField(label="说明", required=False, widget=forms.Textarea)
    agreed = forms.BooleanField(label="我同意")
    ticket = forms.CharField(widget=forms.HiddenInput)


def test_a_misspelt_parameter_does_not_compile() -> None:
    with pytest.raises(TemplateSyntaxError):
        draw('{% button "下一步" knid="danger" %}')


def test_text_is_escaped() -> None:
    assert "<b>" not in draw(
        "{% button label %}{% status_tag label %}{% list_row label detail=label %}", label="<b>"
    )
    assert "<b>" not in draw("{% notice title=label %}{{ label }}{% endnotice %}", label="<b>")


def test_a_button_submits_and_a_link_leads() -> None:
    assert 'type="submit"' in draw('{% button "下一步" %}')
    link = draw('{% button "出示" href="/card/" kind="secondary" %}')
    assert link.startswith("<a ")
    assert "button-secondary" in link
    assert "disabled" in draw('{% button "下一步" disabled=True %}')
    assert 'data-busy="请稍候"' in draw('{% button "下一步" busy="请稍候" %}')
    copying = draw('{% button "复制" copies=link %}', link="<link>")
    assert 'type="button"' in copying
    assert 'data-copies="&lt;link&gt;"' in copying
    # Without scripts there is nothing to press.
    assert "script-only" in copying


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(0, "¥0.00"), (5, "¥0.05"), (1200, "¥12.00"), (123456789, "¥1,234,567.89"), (-50, "−¥0.50")],
)
def test_an_amount_is_shown_to_the_fen(fen: int, shown: str) -> None:
    assert shown in draw("{% amount fen %}", fen=fen)


def test_an_icon_has_a_text_or_is_hidden_from_readers() -> None:
    assert 'aria-hidden="true"' in draw('{% icon "card" %}')
    assert "健康卡" in draw('{% icon "card" label="健康卡" %}')


def test_steps_say_where_one_stands() -> None:
    assert "第 2 步，共 5 步" in draw("{% steps 2 5 %}")


def test_a_field_is_wired_to_its_hint_and_its_error() -> None:
    shown = draw("{% field form.number %}", form=VisitForm({}))
    assert '<label class="field-label" for="id_number">' in shown
    assert 'aria-describedby="id_number_helptext id_number_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'id="id_number_helptext"' in shown
    assert 'id="id_number_error"' in shown


def test_a_field_keeps_what_was_typed() -> None:
    assert 'value="1101"' in draw("{% field form.number %}", form=VisitForm({"number": "1101"}))


def test_a_radio_list_is_a_group_with_its_question() -> None:
    shown = draw("{% field form.whom heading=True %}", form=VisitForm({}))
    assert "<fieldset" in shown
    assert "<h1>给谁用</h1>" in shown
    assert shown.count('type="radio"') == 2
    assert 'aria-describedby="id_whom_error"' in shown


def test_the_other_kinds_of_field_have_their_controls() -> None:
    form = VisitForm()
    assert "<select" in draw("{% field form.kind %}", form=form)
    assert "（选填）" in draw("{% field form.remark %}", form=form)
    assert 'type="checkbox"' in draw("{% field form.agreed %}", form=form)
    assert draw("{% field form.ticket %}", form=form) == '<input type="hidden" name="ticket" id="id_ticket">'


def test_the_error_summary_links_to_every_field() -> None:
    shown = draw("{% error_summary form %}", form=VisitForm({"ticket": "1"}))
    assert "有 4 处需要改一下" in shown
    for target in ("#id_number", "#id_whom_0", "#id_kind", "#id_agreed"):
        assert f'href="{target}"' in shown


def test_there_is_no_error_summary_without_errors() -> None:
    assert draw("{% error_summary form %}", form=VisitForm()) == ""
    assert draw("{% error_summary form %}", form=None) == ""
    assert "没有提交成功" in draw('{% error_summary form problem="没有提交成功" %}', form=None)


def test_a_card_face_tells_whose_it_is() -> None:
    shown = draw(
        '{% card_face issuer="示范市" holder="*禾" number="110***006X" relation="孩子" tint=7 status="停" %}'
    )
    for text in ("示范市", "*禾", "110***006X", "孩子", "停", "card-2"):
        assert text in shown


def payload(**changes: Any) -> dict[str, Any]:
    code = {"text": "A", "svg": SVG, "valid_from": 0, "valid_until": 42_000}
    return {"server_time": 0, "refresh_seconds": 60, "codes": [code], "static": None, **changes}


def test_the_code_is_there_without_any_script() -> None:
    shown = draw('{% code_panel payload url="/card/codes" purpose="就诊时出示" %}', payload=payload())
    assert 'viewBox="0 0 45 45"' in shown
    assert "<?xml" not in shown.split("</script>")[1]
    assert 'data-state="live"' in shown
    assert "data-seconds-text>42<" in shown
    assert "就诊时出示" in shown


def test_a_static_code_shows_no_countdown_and_no_renewal() -> None:
    shown = draw(
        '{% code_panel payload purpose="登记" %}', payload=payload(codes=[], static={"text": "B", "svg": SVG})
    )
    assert 'data-state="static"' in shown
    assert "data-time hidden" in shown
    assert "换一个新码" not in shown


def test_no_code_at_all_is_said_and_never_blank() -> None:
    shown = draw('{% code_panel payload purpose="登记" %}', payload=payload(codes=[]))
    assert 'data-state="expired"' in shown
    assert "已过期，点此刷新" in shown


def test_a_blocked_card_says_why_and_draws_nothing() -> None:
    shown = draw('{% code_panel purpose="登记" blocked="这张卡已冻结" %}')
    assert "这张卡已冻结" in shown
    assert "data-frame" not in shown


def test_a_drawing_with_its_own_view_keeps_it() -> None:
    assert str(ui.code_drawing('<svg viewBox="0 0 9 9"><path/></svg>')).count("viewBox") == 1


def test_list_rows_empty_states_and_skeletons() -> None:
    row = draw(
        '{% list_row "医院" href="/x/" detail="11月20日" value="挂号" status="待审" status_kind="waiting" %}'
    )
    for text in ("医院", "11月20日", "挂号", "tag-waiting", 'href="/x/"'):
        assert text in row
    assert "<a " not in draw('{% list_row "医院" %}')
    empty = draw('{% empty_state "还没有记录" text="扫码后会出现" href="/card/" action="出示" %}')
    assert "还没有记录" in empty
    assert 'href="/card/"' in empty
    assert draw('{% skeleton kind="list" rows=4 %}').count("skeleton-row") == 4
    assert "正在加载" in draw('{% skeleton kind="code" %}')


def test_blocks_carry_their_content() -> None:
    assert "<p>内容</p>" in draw('{% notice kind="danger" title="注意" %}<p>内容</p>{% endnotice %}')
    sheet = draw('{% sheet id="family" title="出示谁的卡？" %}<p>内容</p>{% endsheet %}')
    assert '<dialog class="sheet" id="family"' in sheet
    done = draw('{% confirmation title="已提交" reference="7KQ4" %}<p>内容</p>{% endconfirmation %}')
    assert "接下来" in done
    assert "7KQ4" in done


def test_the_tab_bar_marks_its_place_and_counts_what_is_unread() -> None:
    shown = draw('{% tab_bar "card" unread=120 %}')
    assert 'href="/card/" aria-current="page"' in shown
    assert "99+" in shown
    assert "data-unread hidden" in draw('{% tab_bar "home" %}')


def test_help_needs_no_context() -> None:
    shown = draw("{% help_line %}")
    assert 'href="tel:12320"' in shown


def test_the_care_switch_leads_to_the_other_mode() -> None:
    def switch(cookie: str) -> str:
        request = RequestFactory().get("/card/?kind=static")
        request.COOKIES["care"] = cookie
        return Template("{% load ui %}{% care_switch %}").render(RequestContext(request))

    assert 'value="1"' in switch("")
    assert "标准模式" in switch("1")
    assert 'value="/card/?kind=static"' in switch("")


def test_the_fault_page_of_our_own_needs_no_context() -> None:
    with override("zh-hans"):
        shown = get_template("500.html").render()
    assert "系统出了点问题" in shown
    assert "12320" in shown
