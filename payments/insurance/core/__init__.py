"""The core of the public medical insurance (FSI) for desks of an institution."""

from payments.insurance.core.client import InsuranceCore

__all__ = ["InsuranceCore"]
