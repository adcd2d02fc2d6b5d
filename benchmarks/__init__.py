"""How fast the product is, as ratios to floor programs measured in the same run."""
