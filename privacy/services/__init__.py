"""Commands: taking a copy along, closing the account, and keeping nothing longer than it may be kept."""
