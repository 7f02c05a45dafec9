"""Print the demo's sign-ins."""

from django.conf import settings
from django.core.management.base import BaseCommand

from okmo_portal.organisations.demo.accounts import ACCOUNTS, ADMIN_EMAIL, NEWCOMER_EMAIL, PASSWORD


class Command(BaseCommand):
    help = "Prints the demo accounts with their roles."

    def handle(self, **options):
        rows = [(item.email, item.role_label, item.shows) for item in ACCOUNTS]
        rows.append((NEWCOMER_EMAIL, "без полномочий", "запрашивает полномочие"))
        rows.append((ADMIN_EMAIL, "администратор портала", "вся админка"))
        self.stdout.write(f"Password of all accounts: {PASSWORD}")
        for email, role, shows in rows:
            self.stdout.write(f"  {email:<26} {role}: {shows}")
        self.stdout.write(
            "Second factor, asked of councils and staff everywhere else: "
            + (
                "on; sign in as sovet@ and follow the page."
                if settings.SECOND_FACTOR_REQUIRED
                else "`SECOND_FACTOR_REQUIRED=1 make demo` shows it."
            )
        )
