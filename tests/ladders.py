"""Program files that several tests write."""

DOCUMENTED = """
version: 1
program: spending
targets: [{fanfare: {group: Spending Tiers, attribute: ltv}}]
tiers:
  - {name: Bronze, from: 0}
  - {name: Silver, from: 100}
  - {name: Gold, from: 500}
  - {name: Platinum, from: 1000}
"""
