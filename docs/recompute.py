"""Recompute a verdict from its evidence file alone: python3 recompute.py evidence.json (exit 1: it disagrees)."""

# ruff: noqa - twenty lines of code, for reading beside the formula
# fmt: off
import json, sys
from datetime import datetime, timedelta
from fractions import Fraction as F
doc, at, rule = json.load(open(sys.argv[1]))["document"], datetime.fromisoformat, {"worst": max, "mean": lambda v: sum(v) / len(v)}
policy, notice = doc["agreement"]["policy"], timedelta(hours=doc["agreement"]["policy"]["maintenance_notice_hours"])
def parts(i):
    told, start, end = i["first_post_at"] and at(i["first_post_at"]), at(i["start"]), min(at(doc["counted_until"]), at(i["end"] or doc["counted_until"]))
    weight = F(0) if i.get("is_quality") and not policy.get("is_quality_counted") else F(bool(not policy["is_maintenance_excluded"] or notice and (not told or start - told < notice))) if i["level"] == "under_maintenance" else F(policy["weight_" + i["level"].split("_")[0]])
    start = max(at(doc["window"]["start"]), start, told) if told and policy["clock"] == "first_post" else max(at(doc["window"]["start"]), start)
    cut = max(start, at(i["monitoring_at"])) if i["monitoring_at"] and policy["weight_after_monitoring"] is not None else end
    return [(start, min(cut, end), weight), (cut, end, min(weight, F(policy["weight_after_monitoring"] or 0)))]
def place(code, region):
    known = [p for i in doc["intervals"] if i["component"] == code and (region is None or i["region"] in (None, region)) for p in parts(i)]
    gone = [(at(e["start"]), at(e["end"])) for e in doc["exclusions"] if e["component"] in (None, code)]
    edges = sorted({edge for p in known + gone for edge in p[:2]})
    return sum((F((b - a) // timedelta(microseconds=1), 10**6) * max([w for s, e, w in known if s <= a and b <= e], default=0) for a, b in zip(edges, edges[1:]) if not any(s <= a and b <= e for s, e in gone)), F(0))
counted = rule[policy["component_rule"]]([rule[policy["region_rule"]]([place(c["code"], r) for r in c["regions"] or [None]]) for c in doc["components"]])
percent = max(F(0), F(100_000 * (1 - counted / F(doc["window"]["seconds"])) // 1, 1000))
print(f"counted {counted} s, uptime {float(percent):.3f} %; stated {doc['counted_seconds']} s, {doc['percent']} %")
sys.exit((counted, percent) != (F(doc["counted_seconds"]), F(doc["percent"])))
