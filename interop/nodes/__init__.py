"""How card centres speak to each other (docs/institutions/nodes.md)."""
