"""What allauth asks the portal."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up by e-mail; the rest of the person's data is asked on the same page."""
