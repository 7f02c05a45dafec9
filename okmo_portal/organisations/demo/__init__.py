"""Invented territory, organisations and people for the demo."""
