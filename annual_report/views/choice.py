"""What the pages of the review share: who reads them, and which campaign they show."""

from django.http import Http404, QueryDict

from annual_report.models import Submission
from annual_report.queue import filter_queue, find_campaign
from annual_report.review_forms import QueueFilterForm
from okmo_portal.organisations.permissions import is_auditor, is_congress_staff, is_council_member


def reads_queue(user):
    return is_council_member(user) or is_congress_staff(user) or is_auditor(user)


def reads_board(user):
    return is_congress_staff(user) or is_auditor(user)


def choose_campaign(request, params=None):
    """The campaign of ``?campaign=`` or ``?year=`` and those to choose from; 404 for an unknown one."""
    try:
        return find_campaign(request.user, request.GET if params is None else params)
    except LookupError:
        raise Http404 from None


def forms_of(user, campaign):
    return Submission.objects.visible_to(user).filter(campaign=campaign)


def read_filter(params):
    return QueueFilterForm(params)


def queue_of(user, campaign, params):
    """The filtered and ordered queue, as the address of the list describes it."""
    return filter_queue(forms_of(user, campaign), read_filter(params).chosen())


def back_params(request):
    """The list's address that a form brought with it, so that a decision leads on in that list."""
    return QueryDict(request.POST.get("back", "")[:1000])
