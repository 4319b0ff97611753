"""How good a model is, told through the pipeline that people get: labelled media → a report.

answers       what the pipeline said of a file, kept so that a killed run goes on
degradations  a file → a worse copy of it
trials        labelled media → answers, in several processes
measures      answers → numbers with their intervals
slices, kinds how each part of a data set is judged
summary       one data set's numbers; settings and degradations side by side
plots, page   the same as pictures and as one HTML page
results       JSON, CSV and HTML written into a folder
card          calibration, thresholds and measured numbers → a model's card
comparison    two evaluations of the same files, side by side
blends        real clips → self-blended ones whose mask is known
heatmaps      whether a model looks where something was changed
gates         what a model must pass before it ships
commands      the command line; gate_commands that of the gates

Needs the extra `train` for its plots; never torch.
"""
