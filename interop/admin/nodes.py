"""Other card centres, as the staff of this one keep them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from institutions.admin_acts import Act, ActForm, Done
from institutions.admin_base import ScopedAdmin, shown_time
from institutions.rules import Duty
from institutions.sites import centre_site
from interop.models import Node, NodeKey, NodeKeyState, NodeKeyUse, NodeKind, NodeState
from interop.nodes import keys, selectors, services

_ADDRESS_HELP = _("不含路径，例如 https://card.example.org；生产环境必须是 https")


class NodeForm(ActForm):
    """Takes another centre into the table."""

    node_id = forms.CharField(
        label=_("发卡机构标识"),
        help_text=_("二维码第五段的 EHCAPPID"),
        validators=[RegexValidator(r"^[0-9A-Z]{4,20}$")],
    )
    name = forms.CharField(label=_("名称"), max_length=60)
    kind = forms.ChoiceField(label=_("关系"), choices=NodeKind.choices)
    base_url = forms.URLField(
        label=_("接口地址"), max_length=200, assume_scheme="https", help_text=_ADDRESS_HELP
    )
    may_read_full = forms.BooleanField(label=_("可读取完整信息"), required=False)

    def perform(self) -> Done:
        """Add it."""
        data = self.cleaned_data
        services.add_node(
            node_id=data["node_id"],
            name=data["name"],
            kind=data["kind"],
            base_url=data["base_url"],
            may_read_full=data["may_read_full"],
            actor=self.actor,
            reason=data["reason"],
        )
        return Done(_("节点已添加，请登记它的验签公钥和加密公钥"))


class ChangeForm(ActForm):
    """Changes where a centre is reached."""

    base_url = forms.URLField(
        label=_("接口地址"), max_length=200, assume_scheme="https", help_text=_ADDRESS_HELP
    )
    may_read_full = forms.BooleanField(label=_("可读取完整信息"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["base_url"] = self.subject.base_url
        self.initial["may_read_full"] = self.subject.may_read_full

    def perform(self) -> Done:
        """Change it."""
        services.change_node(
            node=self.subject.public_id,
            base_url=self.cleaned_data["base_url"],
            may_read_full=self.cleaned_data["may_read_full"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("节点已更改"))


class NodeKeyForm(ActForm):
    """Accepts a further key of a centre."""

    use = forms.ChoiceField(label=_("用途"), choices=NodeKeyUse.choices)
    kid = forms.CharField(
        label=_("密钥编号"), max_length=40, validators=[RegexValidator(r"^[0-9A-Za-z_-]{4,40}$")]
    )
    public_key = forms.CharField(
        label=_("SM2 公钥"),
        help_text=_("128 位十六进制的 x、y 坐标；请用电话与对方核对"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )

    def perform(self) -> Done:
        """Accept it."""
        services.add_node_key(
            node=self.subject.public_id,
            use=self.cleaned_data["use"],
            kid=self.cleaned_data["kid"],
            public_key=self.cleaned_data["public_key"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("公钥已登记"))


class EnrolForm(ActForm):
    """Tells the other centre who we are, and our keys."""

    code = forms.CharField(
        label=_("登记码"),
        required=False,
        help_text=_("第一次登记时填写对方给的登记码；以后更换密钥或地址时不用填"),
    )

    def perform(self) -> Done:
        """Enrol."""
        services.enrol(
            node=self.subject.public_id,
            code=self.cleaned_data["code"],
            actor=self.actor,
            reason=self.cleaned_data["reason"],
        )
        return Done(_("对方已接受登记"))


class SuspendForm(ActForm):
    """Stops a link."""

    def perform(self) -> Done:
        """Stop it."""
        services.suspend_node(
            node=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("与该节点的连接已停用"))


class ResumeForm(ActForm):
    """Takes a link into use again."""

    def perform(self) -> Done:
        """Resume it."""
        services.resume_node(
            node=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("与该节点的连接已恢复"))


class PrepareForm(ActForm):
    """Makes our next pairs."""

    def perform(self) -> Done:
        """Make them."""
        services.prepare_own_keys(actor=self.actor, reason=self.cleaned_data["reason"])
        return Done(_("新密钥已生成，请先向对方登记，再启用"))


class RotateForm(ActForm):
    """Takes our next pairs into use."""

    def perform(self) -> Done:
        """Use them."""
        services.rotate_own_keys(actor=self.actor, reason=self.cleaned_data["reason"])
        return Done(_("新密钥已启用，旧密钥只用于解开此前的密文"))


class RetireForm(ActForm):
    """Accepts a key no more."""

    def perform(self) -> Done:
        """Retire it."""
        services.retire_node_key(
            key=self.subject.public_id, actor=self.actor, reason=self.cleaned_data["reason"]
        )
        return Done(_("密钥已作废，立即生效"))


def _is_active(row: Node) -> bool:
    return row.state == NodeState.ACTIVE


def _is_upper(row: Node) -> bool:
    return row.kind == NodeKind.UPPER


class NodeAdmin(ScopedAdmin):
    """Other centres."""

    visible = staticmethod(selectors.visible_nodes)
    duty = Duty.MANAGE_NODES
    creation = Act("add", _("添加卡管节点"), NodeForm, Duty.MANAGE_NODES)
    acts = (
        Act("add-key", _("登记公钥"), NodeKeyForm, Duty.MANAGE_NODES),
        Act("enrol", _("向对方登记"), EnrolForm, Duty.MANAGE_NODES, _is_active),
        Act("change", _("更改"), ChangeForm, Duty.MANAGE_NODES),
        Act("prepare-keys", _("生成本方新密钥"), PrepareForm, Duty.MANAGE_NODES, _is_upper),
        Act("rotate-keys", _("启用本方新密钥"), RotateForm, Duty.MANAGE_NODES, _is_upper),
        Act("suspend", _("停用"), SuspendForm, Duty.MANAGE_NODES, _is_active),
        Act("resume", _("恢复"), ResumeForm, Duty.MANAGE_NODES, lambda row: not _is_active(row)),
    )
    list_display = ("name", "node_id", "kind", "state", "enrolled", "health")
    list_filter = ("kind", "state")
    search_fields = ("name", "node_id")
    fields = (
        "name",
        "node_id",
        "kind",
        "base_url",
        "state",
        "may_read_full",
        "enrolled",
        "health",
        "key_list",
        "own_keys",
        "number",
        "created",
        "updated",
    )
    readonly_fields = ("enrolled", "health", "key_list", "own_keys", "number", "created", "updated")

    @admin.display(description=_("登记时间"))
    def enrolled(self, row: Node) -> str:
        """When the other centre took our enrolment."""
        return shown_time(row.enrolled_at) if row.enrolled_at else "—"

    @admin.display(description=_("连接情况"))
    def health(self, row: Node) -> str:
        """When it answered last, or why it did not."""
        if row.failure and row.failed_at:
            return _("%(at)s 失败：%(why)s") % {"at": shown_time(row.failed_at), "why": row.failure}
        return shown_time(row.answered_at) if row.answered_at else "—"

    @admin.display(description=_("对方公钥"))
    def key_list(self, row: Node) -> SafeString:
        """Its keys, the newest first."""
        rows = ((key.get_use_display(), key.kid, key.get_state_display()) for key in row.keys.order_by("-pk"))
        return format_html_join("", "<div>{} · {} · {}</div>", rows)

    @admin.display(description=_("本方公钥"))
    def own_keys(self, row: Node) -> SafeString:
        """What the other side is to know of us."""
        rows = (
            (NodeKeyUse(use).label, key["kid"], key["public_key"])
            for use, found in keys.published().items()
            for key in found
        )
        return format_html_join("", "<div>{} · {} · {}</div>", rows)


class NodeKeyAdmin(ScopedAdmin):
    """Keys of other centres."""

    visible = staticmethod(selectors.visible_node_keys)
    duty = Duty.MANAGE_NODES
    acts = (
        Act(
            "retire",
            _("作废"),
            RetireForm,
            Duty.MANAGE_NODES,
            lambda row: row.state == NodeKeyState.ACTIVE,
        ),
    )
    list_display = ("kid", "node", "use", "state", "created_at")
    list_filter = ("use", "state")
    search_fields = ("kid", "node__name")
    fields = ("kid", "node", "use", "public_key", "state", "created", "retired_at", "number")
    readonly_fields = ("created", "number")


centre_site.register(Node, NodeAdmin)
centre_site.register(NodeKey, NodeKeyAdmin)
