"""`facetell serve`: web server and workers as processes under one supervisor."""
