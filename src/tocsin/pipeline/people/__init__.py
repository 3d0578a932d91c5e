"""People as they come in: what they write of themselves becomes values that can be kept and compared."""
