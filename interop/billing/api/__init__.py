"""What institutions call about money."""
