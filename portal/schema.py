"""What the description of the interfaces (OpenAPI) is called, and what all its operations share."""

from typing import Any

PROBLEM = "application/problem+json"
_PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_REFUSAL = {"$ref": "#/components/responses/Refusal"}

DESCRIPTION = {
    "TITLE": "Electronic health card platform",
    "DESCRIPTION": "Native API for institutions (signed) and API for residents' applications.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.schema.describe_refusals",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ApplicationState": "cards.states.ApplicationState",
        "BatchRowState": "cards.batch.states.RowState",
        "BatchState": "cards.batch.states.BatchState",
        "CardState": "cards.states.CardState",
        "CategoryEnum": "cards.rules.face.Category",
        "ChargeCategory": ["registration", "examination", "laboratory", "medicine", "treatment", "other"],
        "ClinicKind": "appointments.rules.ClinicKind",
        "CertificateKind": "cards.rules.certificates.KIND_WORDS",
        "Gender": ["0", "1", "2", "9"],
        "GenderGiven": ["1", "2", "9"],
        "InvitedRelation": "cards.api.schemas_resident.INVITED",
        "KioskCheckKind": ["face", "document"],
        "ListKind": "cards.batch.states.ListKind",
        "PlaceState": "appointments.api.schemas_search.STATES",
        "RecordKind": ["outpatient", "inpatient", "lab", "imaging", "other"],
        "MintableCodeKind": "cards.api.schemas_institution.MINTABLE",
        "Relation": "identity.types.Relation",
        "KioskState": "cards.states.KioskState",
        "LossReason": "cards.rules.reasons.LOSS_REASONS",
        "ConsentKind": "identity.api.schemas.KINDS",
        "UseKind": "cards.models.usage.UseKind",
    },
}


def describe_refusals(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Say of every operation that what it refuses is told by a problem document, in its own media type.

    A status is listed by an operation where a client acts on it; any other refusal has the same form.
    """
    result["components"]["responses"] = {
        "Refusal": {
            "description": "Refused; ``code`` says why and ``next_step`` what to do.",
            "content": {PROBLEM: {"schema": _PROBLEM_SCHEMA}},
        }
    }
    for path in result["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if content.get("application/json", {}).get("schema") == _PROBLEM_SCHEMA:
                    content[PROBLEM] = content.pop("application/json")
            operation["responses"]["default"] = _REFUSAL
    return result
