"""HL7 v2 as hospitals' integration engines speak it: reports and appointments become events (HI-05)."""
