"""A hospital's own patient records.

As in many a hospital, nothing keeps two records of one person apart: whoever asks to create one
under a new key gets a new one. Only the caller can see to it that this happens once.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.answers import text
from sandbox.his.hospitals import Hospital
from sandbox.store import Store

# In search of one of these names, the hospital finds two records and cannot tell which is meant.
AMBIGUOUS_NAME = "测重名"
KEY_SECONDS = 86_400


async def search(state: Store, hospital: Hospital, asked: Mapping[str, Any]) -> list[dict[str, str]]:
    """Records with the certificate; without one, with the name and the day of birth."""
    name = text(dict(asked), "name", longest=128)
    if name == AMBIGUOUS_NAME:
        return [_shown(each, {"name": name, "birth_date": "1970-01-01"}) for each in ("D0001", "D0002")]
    certificate = (asked.get("id_type"), asked.get("id_number"))
    found = []
    for patient_id, record in sorted((await state.fields(_records(hospital))).items()):
        same_certificate = all(certificate) and certificate == (record["id_type"], record["id_number"])
        same_person = not record["id_number"] and (record["name"], record["birth_date"]) == (
            name,
            asked.get("birth_date"),
        )
        if same_certificate or same_person:
            found.append(_shown(patient_id, record))
    return found


async def create(state: Store, hospital: Hospital, asked: Mapping[str, Any], key: str) -> tuple[str, bool]:
    """A new record under a new number, and whether it is new; once for each key."""
    record = {
        field: str(asked.get(field) or "")
        for field in ("id_type", "id_number", "birth_date", "gender", "phone")
    }
    record["name"] = text(dict(asked), "name", longest=128)
    patient_id = f"{hospital.code}{await state.increase(f'his:{hospital.code}:patients:last'):06}"
    place = f"his:{hospital.code}:created:{key}"
    if not await state.put_once(place, {"patient_id": patient_id}, KEY_SECONDS):
        known = await state.get(place)
        return str((known or {})["patient_id"]), False
    await keep(state, hospital, patient_id, record)
    return patient_id, True


async def keep(state: Store, hospital: Hospital, patient_id: str, record: Mapping[str, str]) -> None:
    """Let the hospital have a record."""
    empty = dict.fromkeys(("name", "id_type", "id_number", "birth_date", "gender", "phone"), "")
    await state.set_field(_records(hospital), patient_id, {**empty, **record})


async def everyone(state: Store, hospital: Hospital) -> dict[str, dict[str, Any]]:
    """All records, by number."""
    return await state.fields(_records(hospital))


def _shown(patient_id: str, record: Mapping[str, str]) -> dict[str, str]:
    return {"patient_id": patient_id, "name": record["name"], "birth_date": record["birth_date"]}


def _records(hospital: Hospital) -> str:
    return f"his:{hospital.code}:patients"
