"""Outside systems that this room asks, by the dotted names in the settings."""
