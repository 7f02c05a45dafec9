"""For the auditor and for cron: is the trail whole?"""

from django.core.management.base import BaseCommand, CommandError

from okmo_portal.audit.models import AuditEvent
from okmo_portal.audit.services import seal_events, verify_chain


class Command(BaseCommand):
    help = "Seals the newest events and checks the hash chain; exits with 1 where it is broken."

    def handle(self, **options):
        seal_events()
        broken = verify_chain()
        if broken is not None:
            event = AuditEvent.objects.get(sequence=broken)
            raise CommandError(
                f"The chain breaks at event {broken} of {event.at:%Y-%m-%d %H:%M}: it, or one "
                "before it, was changed or removed outside the portal. Compare with a backup."
            )
        self.stdout.write(f"The chain is whole: {AuditEvent.objects.count()} events.")
