"""Programs that do the same work with nothing around it: what the product is measured against."""
