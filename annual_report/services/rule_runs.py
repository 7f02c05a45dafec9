"""All rules over all forms of a campaign at once, and a rule tried before it is in force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from django.db import connection, transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from annual_report.enums import FILED_STATES
from annual_report.form_rules import FormRules, get_form_rules
from annual_report.models import Campaign, Explanation, RuleFinding, RuleRun, RuleTally, Submission
from annual_report.operands import CampaignValues, load_values
from annual_report.rule_overview import decimals_of, fields_of, show_operand
from annual_report.rules import Expression
from annual_report.rules.frame import FAILS, HOLDS, NO_VERDICT, verdicts
from okmo_portal.accounts.models import User
from okmo_portal.jobs import services as jobs
from okmo_portal.jobs.models import Job

EXAMPLES = 10


@dataclass(frozen=True)
class Verdicts:
    """``table``: int8, forms × rules, see ``rules.frame``; rows as in ``values``."""

    rules: FormRules
    values: CampaignValues
    table: np.ndarray

    @property
    def is_filed(self) -> np.ndarray:
        return self.values.forms["state"].isin([str(state) for state in FILED_STATES]).to_numpy()


def check_campaign(campaign: Campaign) -> Verdicts:
    """Every active rule over every form that has been begun; writes nothing."""
    rules = get_form_rules(campaign.form_id, campaign.year)
    values = load_values(campaign, rules, rules.compared)
    table = verdicts([rule.expression.tree for rule in rules.rules], values.frame)
    return Verdicts(rules, values, table)


def start_run(*, campaign: Campaign, by: User | None) -> Job:
    """Queue a run; one that is already under way is returned instead."""
    address = f"{reverse('annual_report:rule-list')}?campaign={campaign.pk}"
    return jobs.start_job(
        title=f"Контрольные соотношения: {campaign.title}"[:200],
        task="annual_report.run_rules",
        arguments={"campaign_id": campaign.pk},
        by=by,
        key=f"annual_report:rules:{campaign.pk}",
        back_url=address,
    )


def run_rules(*, campaign: Campaign, by: User | None) -> RuleRun:
    """Check the campaign and put the findings in the place of the former run's."""
    found = check_campaign(campaign)
    findings = list_findings(campaign, found)
    tallies = count_verdicts(found, findings)
    with transaction.atomic():
        run, _created = RuleRun.objects.select_for_update().update_or_create(
            campaign=campaign,
            defaults={
                "at": timezone.now(),
                "by": by,
                "forms": len(found.values.forms),
                "rules": len(found.rules.rules),
                "unreadable": [list(pair) for pair in found.rules.unreadable],
            },
        )
        for model, rows in ((RuleFinding, findings), (RuleTally, tallies)):
            replace_rows(model, run, rows)
    return run


def list_findings(campaign: Campaign, found: Verdicts) -> pd.DataFrame:
    """Rule, submission, region, is_filed, is_explained of each broken rule."""
    row, column = np.nonzero(found.table == FAILS)
    forms = found.values.forms
    result = pd.DataFrame(
        {
            "rule_id": np.array([rule.pk for rule in found.rules.rules], dtype=np.int64)[column],
            "submission_id": forms["submission"].to_numpy(dtype=np.int64)[row],
            "region_id": forms["region"].to_numpy(dtype=np.int64)[row],
            "is_filed": found.is_filed[row],
        }
    )
    names = ["rule_id", "submission_id"]
    texts = Explanation.objects.filter(submission__campaign=campaign).values_list(*names)
    explained = pd.DataFrame(list(texts), columns=names, dtype="int64")
    pairs = pd.MultiIndex.from_frame(result[names])
    result["is_explained"] = pairs.isin(pd.MultiIndex.from_frame(explained))
    return result


def count_verdicts(found: Verdicts, findings: pd.DataFrame) -> pd.DataFrame:
    """Forms of each rule and region that hold, break, explain and give no verdict."""
    keys = ["rule_id", "region_id", "is_filed"]
    groups = [found.values.forms["region"].to_numpy(dtype=np.int64), found.is_filed]
    counted = {}
    for name, verdict in (("held", HOLDS), ("broken", FAILS), ("unknown", NO_VERDICT)):
        table = pd.DataFrame(
            found.table == verdict, columns=[rule.pk for rule in found.rules.rules]
        )
        counted[name] = table.groupby(groups).sum().stack()
    result = pd.DataFrame(counted)
    result.index = result.index.set_names(["region_id", "is_filed", "rule_id"])
    result = result.reorder_levels(keys)
    explained = findings[findings["is_explained"]].groupby(keys).size()
    result["explained"] = explained.reindex(result.index, fill_value=0)
    return result[["held", "broken", "explained", "unknown"]].astype(int).reset_index()


def replace_rows(model: type[Model], run: RuleRun, rows: pd.DataFrame) -> None:
    """The run's rows anew, by COPY: a hundred thousand findings in a second."""
    columns = ["run_id", *rows.columns]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE run_id = %s", [run.pk])  # noqa: S608 (our own table's name)
        command = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
        with cursor.copy(command) as copy:
            for row in rows.itertuples(index=False):
                copy.write_row((run.pk, *row))


@dataclass(frozen=True)
class Trial:
    """What a rule would find in a campaign; ``examples`` are broken forms with their values."""

    expression: Expression
    checked: int
    held: int
    broken_filed: int
    broken_working: int
    #: Broken forms with the operands' values in the form's own words.
    examples: list[tuple[Submission, list[str]]]

    @property
    def broken(self) -> int:
        return self.broken_filed + self.broken_working

    @property
    def unknown(self) -> int:
        return self.checked - self.held - self.broken

    @property
    def share(self) -> float:
        """Of the forms that have a verdict."""
        return self.broken / (self.held + self.broken) if self.held + self.broken else 0.0


def try_rule(*, campaign: Campaign, text: str) -> Trial:
    """Check one condition over the campaign, writing nothing; raises RuleSyntaxError.

    Ten of the broken forms come as examples, filed ones first.
    """
    rules = get_form_rules(campaign.form_id, campaign.year)
    expression = rules.expression(text)
    values = load_values(campaign, rules, expression.keys)
    table = verdicts([expression.tree], values.frame)
    found = Verdicts(rules, values, table)
    broken, filed = table[:, 0] == FAILS, found.is_filed
    order = np.argsort(~filed[broken], kind="stable")
    rows = np.flatnonzero(broken)[order][:EXAMPLES]
    return Trial(
        expression=expression,
        checked=len(values.forms),
        held=int((table == HOLDS).sum()),
        broken_filed=int((broken & filed).sum()),
        broken_working=int((broken & ~filed).sum()),
        examples=_examples(found, rows, expression),
    )


def _examples(
    found: Verdicts, rows: np.ndarray, expression: Expression
) -> list[tuple[Submission, list[str]]]:
    numbers = found.values.forms["submission"].iloc[rows].tolist()
    broken = Submission.objects.with_territory().in_bulk(numbers)
    fields = fields_of(found.rules, {row.municipality.kind for row in broken.values()})
    result = []
    for row, number in zip(rows, numbers, strict=True):
        known = decimals_of(found.values, int(row))
        shown = [show_operand(key, known.get(key), fields) for key in expression.keys]
        result.append((broken[number], shown))
    return result
