"""The product's settings without hot paths: verification as any other Django view."""

from portal.settings import *  # noqa: F403

HOT_PATHS = {}
USAGE_WRITER = "inline"
