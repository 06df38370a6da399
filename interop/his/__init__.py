"""Hospitals' systems that answer questions: schedules, missed events, documents, patient numbers."""
