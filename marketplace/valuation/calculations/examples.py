"""One right body for each method, shown in the API's document and computed in its tests."""

from collections.abc import Mapping
from typing import Any, Final

from marketplace.valuation.registry.contents import Method

M = Method
_BODIES: Final[Mapping[Method, tuple[str, dict[str, Any]]]] = {
    M.RELIEF_FROM_ROYALTY: (
        "Relief from royalty, with a seeded range",
        {
            "currency": "USD",
            "purpose": "transfer",
            "base_date": "2026-06-30",
            "revenues_minor": [100_000, 120_000, 140_000, 130_000, 110_000],
            "royalty_rate": 0.05,
            "tax_rate": 0.22,
            "discount_rate": 0.15,
            "timing": "end_year",
            "amortisation_years": 5,
            "range": {
                "kind": "monte_carlo",
                "draws": 1_000,
                "seed": 7,
                "over": {
                    "royalty_rate": {"low": 0.03, "mode": 0.05, "high": 0.07},
                    "amounts": {"low": 0.8, "high": 1.2},
                },
            },
        },
    ),
    M.TECHNOLOGY_FACTOR: (
        "Technology factor, and how each input moves it",
        {
            "currency": "KRW",
            "free_cash_flows_minor": [100_000_000, 150_000_000, 200_000_000],
            "discount_rate": 0.12,
            "industry_share": 0.71,
            "technology_weight": 0.55,
            "strength": 0.72,
            "range": {
                "kind": "sensitivity",
                "over": {
                    "discount_rate": {"low": 0.1, "high": 0.14},
                    "strength": {"low": 0.6, "high": 0.8},
                },
            },
        },
    ),
    M.EXCESS_EARNINGS: (
        "Multi-period excess earnings",
        {
            "currency": "KRW",
            "revenues_minor": [500_000_000, 520_000_000, 540_000_000],
            "margin": 0.2,
            "tax_rate": 0.22,
            "discount_rate": 0.16,
            "charges": [{"asset": "plant", "rate": 0.04}, {"asset": "workforce", "rate": 0.02}],
        },
    ),
    M.COMPARABLES: (
        "Adjusted comparables",
        {
            "currency": "KRW",
            "comparables": [
                {
                    "price_minor": 120_000_000,
                    "relative_quality": 1.2,
                    "source": "deal of March 2026",
                },
                {"price_minor": 90_000_000, "relative_quality": 0.8, "source": "public auction"},
                {
                    "price_minor": 900_000_000,
                    "relative_quality": 1.0,
                    "source": "press release",
                    "excluded_because": "a whole business was sold with it",
                },
            ],
        },
    ),
    M.RECONCILIATION: (
        "Approaches with their weights",
        {
            "currency": "KRW",
            "approaches": [
                {"label": "relief from royalty", "value_minor": 155_517_700, "weight": 0.7},
                {"label": "comparables", "value_minor": 112_500_000, "weight": 0.3},
            ],
        },
    ),
    M.REPLACEMENT_COST: (
        "Replacement cost less obsolescence",
        {
            "currency": "KRW",
            "cost_minor": 300_000_000,
            "functional": 0.1,
            "technological": 0.2,
            "economic": 0.15,
        },
    ),
    M.ADJUSTED_REPRODUCTION: (
        "Adjusted reproduction cost",
        {
            "currency": "KRW",
            "cost_minor": 200_000_000,
            "return_on_capital": 0.06,
            "obsolescence_minor": 80_000_000,
        },
    ),
    M.REAL_OPTION: (
        "Real option",
        {
            "currency": "KRW",
            "asset_minor": 120_000_000,
            "investment_minor": 100_000_000,
            "risk_free": 0.03,
            "option_years": 3.0,
            "volatility": 0.45,
            "dividend_yield": 0.05,
        },
    ),
    M.WEIGHTED_COST: (
        "Discount rate of the Korean guide",
        {
            "cost_of_debt": 0.0677,
            "cost_of_equity": 0.0809,
            "equity_weight": 0.5485,
            "technology_score": 40.0,
            "size_premium": 0.0197,
        },
    ),
    M.BUILD_UP: (
        "Discount rate built up",
        {
            "risk_free": 0.03,
            "equity_risk_premium": 0.06,
            "unlevered_beta": 0.8,
            "debt_to_equity": 0.5,
            "tax_rate": 0.22,
            "size_premium": 0.02,
            "specific_premium": 0.03,
        },
    ),
    M.ECONOMIC_LIFE: (
        "Economic life",
        {
            "cited_ages_years": [3.0, 5.0, 6.0, 8.0, 11.0, 14.0],
            "factor_scores": [2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0],
            "legal_years": 12.5,
        },
    ),
}

EXAMPLES: Final[dict[str, Any]] = {
    method.value: {"summary": summary, "value": {"method": method.value, **body}}
    for method, (summary, body) in _BODIES.items()
}
"""As the OpenAPI document names them."""
