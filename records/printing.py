"""The document of a report: the hospital's own PDF, or one that we render."""

from institutions import selectors as institutions
from mpi import selectors as mpi
from records import pdf
from records.selectors.reports import ReadReport, document_of


def document_for(report: ReadReport) -> bytes:
    """The PDF of a version that the caller has read for its reader.

    Raises:
        DocumentNotFound: The hospital sent none, and there is no font to write one with.
    """
    kept = document_of(report.head.report_id, report.version)
    if kept is not None:
        return kept
    place = institutions.institution_by_public_id(report.head.institution)
    return pdf.render_report(
        report,
        name=mpi.particulars(report.person_pk).name,
        institution=place.name if place is not None else report.head.place,
    )
