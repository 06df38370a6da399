"""``/admin/`` for the centre, ``/institution/`` for institutions."""

from django.urls import path
from django.utils.module_loading import autodiscover_modules

from institutions.sites import centre_site, institution_site

# Every room registers its admins with the two sites; their addresses are fixed right after.
autodiscover_modules("admin")

urlpatterns = [
    path("admin/", centre_site.urls),
    path("institution/", institution_site.urls),
]
