"""HTTP entry point."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from portal import processors
from portal.hotpaths import HotPaths

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
if settings.PIN_WORKERS:
    processors.pin()
application = HotPaths(get_wsgi_application(), settings.HOT_PATHS)

# What is loaded by now stays until the process ends. Taken out of the collector's sight it is
# not walked again and again, which was a tenth of a verification's time.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
