"""The web application and its REST API: uploads in, jobs and pages out; the pipeline is called."""
