"""Speeds as ratios to a peer or a limit, taken in one run; ``make bench`` prints them."""
