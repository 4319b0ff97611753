"""Pictures as they come → what is seen in each, and a verdict that settles over time.

settings   LiveSettings: how much is remembered, how many faces are scored
clips      faces of the frames as they come → scores of clips, also of those that still grow
window     scores of the last minute → the verdict on it; memory stays flat for days
analysis   LiveModel and LiveAnalysis: one picture in, one Moment out
moment     what is said after each frame
certainty  how likely a label stays
record     Moment → the JSON that `facetell watch --json` prints and the web page gets
names      what the user named → a source that can be opened
devices    cameras, screens, addresses and files, opened with PyAV
engine     a process that follows pictures for a server; `wire`: how they talk
feed       a source read in a thread, its newest frame kept, opened again when it goes silent
"""
