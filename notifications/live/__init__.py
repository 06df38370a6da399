"""Live notices to open pages, over one WebSocket each."""
