"""Reading of this room, always about persons for whom the caller has been checked."""
