"""Outside systems that tell whether a person is who they say; one module for each."""
