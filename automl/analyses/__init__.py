"""What is measured of both finalists after the verdict: each file holds one `automl.records.Analysis`.

An analysis describes and decides nothing. `automl.flow.analyses` runs it, a section of the report draws what it found.
"""
