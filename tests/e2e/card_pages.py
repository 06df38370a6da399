"""Pages about the account, the card, the family and one's own data, in every state that looks different."""

from cards.rules.steps import Answers
from tests.e2e import joining, logging_in, own_data
from tests.e2e.handing_over import asked_for_a_face, handed_over, pre_registered, scanned
from tests.e2e.people import PASSPORT, answers, holder, newcomer
from tests.e2e.shown import FOREIGNER, MISMATCH, WEIXIN, Shown, at, sent, then
from tests.e2e.states import (
    activating,
    ask_for_code,
    child_draft,
    child_page,
    drafting,
    elders_page,
    first_certificate,
    from_weixin,
    frozen,
    in_stopped_channel,
    invitation,
    invited,
    lost,
    parent,
    result,
    silent,
    waiting,
    with_certificates,
    wrong_claim,
    wrong_code,
    wrong_number,
)

QUESTIONS: dict[str, Answers] = {
    "certificate": answers(),
    "number": answers(),
    "name": answers(),
    "birth": FOREIGNER,
    "gender": FOREIGNER,
    "nation": answers(),
    "check": answers(),
}

CARD_PAGES: tuple[Shown, ...] = (
    Shown("home-welcome", "home", at("/")),
    Shown("home-no-card", "home", at("/", newcomer)),
    Shown("home-card", "home", at("/", holder)),
    Shown("sign-in", "sign-in", at("/sign-in/")),
    Shown("sign-in-weixin", "sign-in", at("/sign-in/", user_agent=WEIXIN)),
    Shown("sign-in-wrong", "sign-in", then(at("/sign-in/"), sent("获取验证码", "有 1 处需要改一下"))),
    Shown("sign-in-code", "sign-in-code", then(at("/sign-in/"), ask_for_code)),
    Shown("sign-in-code-wrong", "sign-in-code", then(at("/sign-in/"), wrong_code)),
    Shown("weixin-refused", "sign-in-weixin-callback", at("/sign-in/weixin/callback/?code=x&state=y")),
    Shown("consent", "consent", at("/consent/?next=/card/apply/", newcomer)),
    Shown(
        "consent-wrong", "consent", then(at("/consent/", newcomer), sent("同意并继续", "有 2 处需要改一下"))
    ),
    Shown("apply-start", "apply", at("/card/apply/", newcomer)),
    *(
        Shown(f"apply-{word}", "apply-step", at(f"/card/apply/{word}/", drafting(given)))
        for word, given in QUESTIONS.items()
    ),
    Shown(
        "apply-number-wrong", "apply-step", then(at("/card/apply/number/", drafting(answers())), wrong_number)
    ),
    Shown("apply-stopped", "apply", in_stopped_channel),
    Shown("apply-wait", "apply-wait", waiting),
    Shown("apply-issued", "apply-result", result()),
    Shown("apply-in-review", "apply-result", result(PASSPORT)),
    Shown("apply-refused", "apply-result", result(MISMATCH)),
    Shown("apply-withdrawn", "apply-result", result(PASSPORT, withdraws=True)),
    Shown("activate", "activate", at("/card/activate/", drafting(answers()))),
    Shown(
        "activate-wrong",
        "activate-question",
        then(at("/card/activate/number/", drafting(answers())), wrong_claim),
    ),
    Shown("activate-question", "activate-question", at("/card/activate/number/", drafting(answers()))),
    Shown("activate-code", "activate-code", activating),
    Shown("activate-done", "activate-done", at("/card/activate/done/", holder)),
    Shown("card", "card", at("/card/", holder)),
    Shown("card-static", "card", at("/card/?mode=static", holder)),
    Shown("card-frozen", "card", at("/card/", frozen)),
    Shown("card-none", "card", at("/card/", newcomer)),
    Shown("card-draft", "card", at("/card/", drafting(answers()))),
    Shown("card-settings", "card-settings", at("/card/settings/", holder)),
    Shown("card-settings-frozen", "card-settings", at("/card/settings/", frozen)),
    Shown("card-pack", "card-pack", at("/card/pack/", holder)),
    Shown("open-claim", "open-claim", handed_over("/open/claim/")),
    Shown("open-claim-frozen", "open-claim", handed_over("/open/claim/", frozen)),
    Shown("open-claim-none", "open-claim", handed_over("/open/claim/", newcomer)),
    Shown("open-take-card", "open-take-card", handed_over("/open/takeMsCard")),
    Shown("open-activate-cards", "open-activate-cards", handed_over("/open/batchActiveCard")),
    Shown("open-scan", "open-scan", scanned()),
    Shown("open-scan-agreed", "open-scan", scanned("同意（本人）")),
    Shown("open-scan-refused", "open-scan", scanned("拒绝")),
    Shown("open-scan-none", "open-scan", scanned(who=newcomer)),
    *(
        Shown(f"card-move-{word}", "card-move", at(f"/card/settings/{word}/", who))
        for word, who in (
            ("freeze", holder),
            ("unfreeze", frozen),
            ("report-loss", holder),
            ("withdraw-loss", lost),
            ("reissue", lost),
            ("cancel", holder),
        )
    ),
    Shown(
        "card-move-wrong",
        "card-move",
        then(at("/card/settings/reissue/", holder), sent("补领", "有 1 处需要改一下")),
    ),
    Shown("card-history", "card-history", at("/card/history/", lost)),
    Shown("card-certificates", "card-certificates", at("/card/certificates/", with_certificates)),
    Shown("card-certificates-none", "card-certificates", at("/card/certificates/", holder)),
    Shown("card-certificate-kinds", "card-certificate-kinds", at("/card/certificates/add/", holder)),
    Shown("card-certificate-add", "card-certificate-add", at("/card/certificates/add/birth/", holder)),
    Shown(
        "card-certificate-unlink",
        "card-certificate-unlink",
        then(at("/card/certificates/", with_certificates), first_certificate),
    ),
    Shown("card-particulars", "card-particulars", at("/card/particulars/", holder)),
    Shown(
        "card-particulars-identity", "card-particulars-identity", at("/card/particulars/identity/", holder)
    ),
    *(
        Shown(
            f"card-particulars-{field}", "card-particulars-change", at(f"/card/particulars/{field}/", holder)
        )
        for field in ("address", "nation")
    ),
    Shown("family-none", "family", at("/family/", holder)),
    Shown("family", "family", at("/family/", parent("测小宝", "测小妹"))),
    Shown("family-waiting", "family", at("/family/", parent(waits=True))),
    Shown("family-no-card", "family", at("/family/", newcomer)),
    Shown("family-card", "family-card", child_page()),
    Shown("family-card-static", "family-card", child_page("?mode=static")),
    Shown("family-settings", "family-settings", child_page("settings/")),
    Shown("family-settings-lost", "family-settings", child_page("settings/", reported_lost=True)),
    *(
        Shown(f"family-move-{word}", "family-move", child_page(f"settings/{word}/"))
        for word in ("report-loss", "reissue")
    ),
    Shown("family-history", "family-history", child_page("history/", reported_lost=True)),
    Shown("family-looks", "family-looks", child_page("looks/")),
    Shown("family-settings-elder", "family-settings", elders_page("settings/")),
    Shown("family-over", "family-settings", elders_page("settings/", is_over=True)),
    Shown("family-end", "family-end", child_page("end/")),
    Shown("child", "child", at("/family/child/", holder)),
    *(
        Shown(f"child-{word}", "child-step", child_draft(word))
        for word in ("number", "proof", "proof-number", "check")
    ),
    Shown("family-adult", "family-adult", at("/family/adult/", holder)),
    Shown("family-adult-question", "family-adult-question", at("/family/adult/relation/", holder)),
    Shown("family-invitation", "family-invitation", invitation),
    Shown("family-accept", "family-accept", invited()),
    Shown("family-guardian-end", "family-guardian-end", invited(accepts=True)),
    Shown("open-verify", "open-verify", asked_for_a_face()),
    Shown("open-verify-passed", "open-verify", asked_for_a_face("通过")),
    Shown("open-verify-failed", "open-verify", asked_for_a_face("不通过")),
    Shown("open-preauth", "open-preauth", pre_registered(newcomer)),
    Shown("open-preauth-card", "open-preauth", pre_registered(holder)),
    Shown("open-prefill", "open-prefill", pre_registered(newcomer, is_filled=True)),
    Shown("me", "me", at("/me/", holder)),
    Shown("not-found", "message", at("/messages/nothing/", holder)),
    Shown("me-phone", "me-phone", at("/me/phone/", from_weixin)),
    Shown("me-phone-code", "me-phone-code", then(at("/me/phone/", from_weixin), ask_for_code)),
    Shown("second-proof", "second-proof", at("/sign-in/proof/", silent)),
    *(Shown(name, route, opening) for name, route, opening in joining.PAGES),
    *(Shown(name, route, opening) for name, route, opening in logging_in.PAGES),
    *(Shown(name, route, opening) for name, route, opening in own_data.PAGES),
)
