"""From a verdict to something to read: one writer for each format.

`text` for terminals, `json_report` for programs, `csv_report` for spreadsheets, `html` and `pdf`
for people, `folder` for a directory that holds all of them with the face crops.
"""
