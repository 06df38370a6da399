"""Lets a test install the sample rows."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "tests.gmcrypto.sample"
    label = "sample"
