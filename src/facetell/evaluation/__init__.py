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
commands      the command line of all this

Needs the extra `train` for its plots; never torch.
"""
