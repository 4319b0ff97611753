"""Many videos → Parquet: one function a video, run by local processes or by Ray.

    inputs, storage   what the user named → jobs; a job's bytes → a local file
    work              a job → its outcome, a line of the JSON contract: what every engine runs
    local, cluster    the engines: processes of this machine, or Ray
    results           outcomes → journal → Parquet shards, each once, whenever it is killed
    columns           the JSON contract as columns
    summary           the shards → one HTML page
    run               puts them together

Needs the extra `batch`; buckets need `cloud`, Ray needs `ray`.
"""
