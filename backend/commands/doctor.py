"""flask doctor [--json]"""

import json
import logging
import os
import sys
import textwrap
from dataclasses import asdict
from itertools import groupby

import click

from backend.services.doctor import Finding, examine

COLUMNS = 110
COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": "blue"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> None:
    """Look at the environment, the database and Stripe, and say what to do."""
    logging.getLogger("topup").setLevel(logging.CRITICAL)  # what is refused is a finding here
    findings = examine(os.environ)
    is_well = all(finding.status != "problem" for finding in findings)
    if as_json:
        report = {"ok": is_well, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(findings)
    sys.exit(0 if is_well else 1)


def _show(findings: list[Finding]) -> None:
    width = max(len(finding.subject) for finding in findings)
    indent = " " * (len("  warning  ") + width + 2)
    sentence = textwrap.TextWrapper(
        width=COLUMNS, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    for area, of_area in groupby(findings, key=lambda finding: finding.area):
        click.echo(area)
        for finding in of_area:
            status = click.style(f"{finding.status:7}", fg=COLOURS[finding.status])
            says = sentence.fill(finding.says).lstrip()
            click.echo(f"  {status}  {finding.subject:{width}}  {says}")
            for line in finding.cure.splitlines():
                click.echo(f"{indent}→ {line}")
    counts = [
        f"{number} {name}{'s' if number != 1 else ''}"
        for name in ("problem", "warning")
        if (number := sum(finding.status == name for finding in findings))
    ]
    click.echo("\n" + (", ".join(counts) or "All is well") + ".")
