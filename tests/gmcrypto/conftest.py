"""Tables for the sample rows."""

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.gmcrypto.sample.models import Client, Patient


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Add the sample tables to the test database; no migration of the product knows them."""
    with django_db_blocker.unblock():
        present = connection.introspection.table_names()
        with connection.schema_editor() as editor:
            for model in (Patient, Client):
                if model._meta.db_table not in present:
                    editor.create_model(model)


@pytest.fixture(autouse=True)
def _sample_rows_are_gone(request: pytest.FixtureRequest) -> None:
    """A flush empties only tables of installed apps, so the sample rows are removed here."""
    if "transactional_db" in request.fixturenames:
        request.getfixturevalue("transactional_db")
        Patient.objects.all().delete()
        Client.objects.all().delete()
