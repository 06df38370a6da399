"""What institutions call about their own patient numbers."""
