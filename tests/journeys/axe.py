"""axe-core checks what a machine can check of WCAG 2.2 A and AA, and its own best practices:
https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
"""

from pathlib import Path

from tests.journeys.shop import Shop

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"


def faults(shop: Shop) -> list[str]:
    """What axe-core finds on the page as it is now: the rule, where, and what is wrong."""
    shop.page.evaluate(AXE.read_text())
    found = shop.page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
