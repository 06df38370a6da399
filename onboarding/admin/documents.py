"""Handing a document to staff: as a download that no browser opens by itself."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from institutions.admin_base import ScopedAdmin, shown_time
from institutions.selectors import staff_actor
from onboarding.files import EXTENSIONS
from onboarding.models import Document
from onboarding.services import review


class WithDocuments(ScopedAdmin):
    """An admin whose rows carry documents."""

    def get_urls(self) -> list[URLPattern]:
        """The page of a document, before the others."""
        options = self.opts
        download = path(
            "documents/<slug:document>/",
            self.admin_site.admin_view(self.document_view),
            name=f"{options.app_label}_{options.model_name}_document",
        )
        return [download, *super().get_urls()]

    def document_view(self, request: HttpRequest, document: str) -> HttpResponse:
        """The file, after the look at it was recorded; 404 where it is not the reader's to see."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        return download_of(review.read_document(document=document, actor=staff_actor(request)))

    def document_links(self, rows: "list[Document]") -> SafeString | str:
        """The documents by name, size and time, the newest first, each with its way to it."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_document"
        parts = (
            (
                reverse(name, args=[row.public_id], current_app=self.admin_site.name),
                row.get_kind_display(),
                f"{max(1, row.size // 1024)} KB",
                shown_time(row.created_at),
                "" if row.is_current else _("（已被替换）"),
            )
            for row in rows
        )
        return format_html_join("", '<div><a href="{}">{}</a> · {} · {}{}</div>', parts) or "—"


def download_of(document: Document) -> HttpResponse:
    """A file that a browser stores and neither shows, guesses at nor runs."""
    name = f"{document.kind}-{document.public_id[:8]}.{EXTENSIONS[document.media_type]}"
    response = HttpResponse(document.content, content_type=document.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
