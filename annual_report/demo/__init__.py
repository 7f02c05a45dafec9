"""Three invented years of the annual report for the demo."""
