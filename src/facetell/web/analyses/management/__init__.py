"""Commands of `facetell-web`."""
