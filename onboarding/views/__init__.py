"""The public pages: applying, and making an account by invitation."""
