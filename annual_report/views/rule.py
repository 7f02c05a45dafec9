"""Control rules over a campaign: what is broken where, and a rule tried before it is in force."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from annual_report.form_rules import get_form_rules
from annual_report.forms import FindingFilterForm, RuleFilterForm, RuleTryForm
from annual_report.models import Campaign, ControlRule, RuleFinding, RuleRun
from annual_report.rule_overview import (
    chosen_rules,
    count_by_rule,
    describe_findings,
    group_by_severity,
    legend,
    name_operand,
)
from annual_report.rules import RuleSyntaxError, parse_condition
from annual_report.services import rule_runs
from annual_report.views.review import reads_queue
from okmo_portal.core.downloads import csv_response
from okmo_portal.organisations.models import Region
from okmo_portal.organisations.permissions import is_auditor, is_congress_staff


def chosen_campaign(request):
    """The campaign of ``?campaign=``, else the newest main one that the person may see."""
    if not reads_queue(request.user):
        raise Http404
    campaigns = Campaign.objects.visible_to(request.user).select_related("form")
    number = request.GET.get("campaign", "")
    if number:
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        return get_object_or_404(campaigns, pk=number if is_number else None)
    return campaigns.main().first()


def chosen_region(request):
    """A council's own region; the Congress's of ``?region=`` or none."""
    if not (is_congress_staff(request.user) or is_auditor(request.user)):
        return request.user.active_membership.organisation.region
    code = request.GET.get("region", "")
    return get_object_or_404(Region, code=code) if code else None


def page_context(request, campaign, region):
    sees_all = is_congress_staff(request.user) or is_auditor(request.user)
    return {
        "campaign": campaign,
        "campaigns": Campaign.objects.visible_to(request.user),
        "region": region,
        "regions": Region.objects.all() if sees_all else [],
        "run": RuleRun.objects.filter(campaign=campaign).first(),
        "can_run": is_congress_staff(request.user),
    }


@login_required
def rule_list(request):
    """Rules of the campaign by severity, with the forms that break them."""
    campaign = chosen_campaign(request)
    if campaign is None:
        return render(request, "annual_report/rules/empty.html")
    region = chosen_region(request)
    context = page_context(request, campaign, region)
    context["filter"], groups = filtered_groups(request, campaign, context["run"], region)
    context["groups"] = groups
    context["total"] = sum(len(group.rows) for group in groups)
    return render(request, "annual_report/rules/list.html", context)


def filtered_groups(request, campaign, run, region):
    form = RuleFilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    rules = chosen_rules(campaign, chosen.get("severity", ""), chosen.get("kind", ""))
    counts = count_by_rule(run, region) if run else {}
    if run and chosen.get("show") != "all":
        broken = [pk for pk, found in counts.items() if found["filed"] or found["working"]]
        rules = rules.filter(pk__in=broken)
    return form, group_by_severity(rules, counts)


@login_required
def rule_download(request):
    """The same counts as a file."""
    campaign = chosen_campaign(request)
    if campaign is None:
        raise Http404
    region = chosen_region(request)
    run = RuleRun.objects.filter(campaign=campaign).first()
    _form, groups = filtered_groups(request, campaign, run, region)
    return csv_response(
        f"rules-{campaign.year}.csv",
        ["Код", "Важность", "Что сверяет", "Условие", "Что не так", "Нарушено в сданных формах",
         "Нарушено в формах в работе", "Пояснено", "Выполнено", "Не с чем сравнить"],
        (
            [row.rule.code, group.severity.label, row.rule.get_kind_display(),
             row.rule.expression, row.message, row.filed, row.working, row.explained, row.held,
             row.unknown]
            for group in groups
            for row in group.rows
        ),
    )  # fmt: skip


def rule_findings(request, pk):
    """The rule, its campaign and region, and the findings that the filter leaves."""
    campaign = chosen_campaign(request)
    if campaign is None:
        raise Http404
    rule = get_object_or_404(ControlRule, pk=pk, form_id=campaign.form_id)
    region = chosen_region(request)
    rows = RuleFinding.objects.visible_to(request.user).filter(run__campaign=campaign, rule=rule)
    if region is not None:
        rows = rows.filter(region=region)
    form = FindingFilterForm(request.GET)
    form.is_valid()
    if state := form.cleaned_data.get("state"):
        rows = rows.filter(is_filed=state == "filed")
    if explained := form.cleaned_data.get("explained"):
        rows = rows.filter(is_explained=explained == "yes")
    rows = rows.select_related("submission__municipality__parent", "submission__region")
    order = ("submission__region__sort_key", "submission__municipality__sort_key", "pk")
    return campaign, rule, region, form, rows.order_by(*order)


def codes_in(text):
    """Indicators that a rule's text names; none of a text that cannot be read."""
    try:
        return parse_condition(text).codes
    except RuleSyntaxError:
        return ()


@login_required
def rule_detail(request, pk):
    """One rule and the forms that break it, each in its own words."""
    campaign, rule, region, form, rows = rule_findings(request, pk)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    context = page_context(request, campaign, region) | {
        "rule": rule,
        "filter": form,
        "page": page,
        "findings": describe_findings(campaign, rule.pk, list(page.object_list)),
        "legend": legend(codes_in(rule.expression)),
    }
    counts = count_by_rule(context["run"], region).get(rule.pk) if context["run"] else None
    context["counts"] = counts
    return render(request, "annual_report/rules/detail.html", context)


@login_required
def rule_detail_download(request, pk):
    """All forms that break the rule, with what it says of each."""
    campaign, rule, _region, _form, rows = rule_findings(request, pk)
    return csv_response(
        f"rule-{rule.code}-{campaign.year}.csv",
        ["Код", "Субъект РФ", "Муниципалитет", "ОКТМО", "Состояние", "Что не так", "Пояснение"],
        (
            [rule.code, found.submission.region.name, found.submission.municipality.name,
             found.submission.municipality.oktmo, found.submission.get_state_display(),
             found.message, found.explanation]
            for found in describe_findings(campaign, rule.pk, list(rows))
        ),
    )  # fmt: skip


@login_required
@require_POST
def rule_run(request, campaign):
    """Check the campaign anew, in the background."""
    if not is_congress_staff(request.user):
        raise Http404
    chosen = get_object_or_404(Campaign.objects.visible_to(request.user), pk=campaign)
    job = rule_runs.start_run(campaign=chosen, by=request.user)
    messages.info(request, "Проверка идёт. Обычно она занимает несколько секунд.")
    return redirect(job)


@login_required
def rule_try(request):
    """How many forms of the campaign a condition would find, before it is a rule."""
    if not is_congress_staff(request.user):
        raise Http404
    campaign = chosen_campaign(request)
    if campaign is None:
        return render(request, "annual_report/rules/empty.html")
    rules = get_form_rules(campaign.form_id, campaign.year)
    asked = "expression" in request.GET
    form = RuleTryForm(request.GET if asked else None, rules=rules)
    context = {
        "campaign": campaign,
        "campaigns": Campaign.objects.visible_to(request.user),
        "form": form,
    }
    if asked and form.is_valid():
        text = form.cleaned_data["expression"]
        trial = rule_runs.try_rule(campaign=campaign, text=text)
        fields = urlencode({"form": campaign.form_id, "expression": text, "is_active": ""})
        context |= {
            "trial": trial,
            "operands": [name_operand(key) for key in trial.expression.keys],
            "legend": legend(trial.expression.codes),
            "add_url": f"{reverse('admin:annual_report_controlrule_add')}?{fields}",
        }
    return render(request, "annual_report/rules/try.html", context)
