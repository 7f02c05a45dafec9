"""Fill an empty portal with invented data."""

import time

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError

from okmo_portal.accounts.models import User
from okmo_portal.core.registry import registry
from okmo_portal.organisations.demo.accounts import DEMO_DOMAIN


class Command(BaseCommand):
    help = "Loads the demo: territory, people, three years of the annual report. Once."

    def add_arguments(self, parser):
        parser.add_argument("--scale", choices=["small", "full"], default="small")

    def handle(self, *, scale, **options):
        if not settings.DEMO_ALLOWED:
            raise CommandError("Demo data is refused here: settings.DEMO_ALLOWED is off.")
        if User.objects.filter(email__endswith=DEMO_DOMAIN).exists():
            self.stdout.write("Demo data is there already.")
            return
        for step in registry.demo_steps:
            started = time.monotonic()
            step.load(scale=scale)
            self.stdout.write(f"{step.key}: {time.monotonic() - started:.1f} s")
        cache.clear()
