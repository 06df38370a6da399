"""Registering and changing persons."""

from mpi.services.anchors import destroy_person_key, lock_cluster, take_on
from mpi.services.changes import change_identity, update_person
from mpi.services.identifiers import add_identifier, retire_identifier
from mpi.services.registration import register_person, register_unidentified
from mpi.services.sources import link_source_record
from mpi.types import PersonChanges, PersonIdentity, PersonRef, Registration

__all__ = [
    "PersonChanges",
    "PersonIdentity",
    "PersonRef",
    "Registration",
    "add_identifier",
    "change_identity",
    "destroy_person_key",
    "link_source_record",
    "lock_cluster",
    "register_person",
    "register_unidentified",
    "retire_identifier",
    "take_on",
    "update_person",
]
