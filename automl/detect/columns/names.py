"""Words in a column's name that say what its numbers are."""

from __future__ import annotations

__all__ = ["AMOUNTS"]

AMOUNTS = (
    r"count|counts|n|num|number|qty|quantity|amount|price|prices|cost|costs|age|year|years|days|hours|minutes|seconds|"
    r"income|salary|wage|weight|height|rings|sales|demand|visits|claims|children|goals|bikes|rentals|views|clicks|likes|"
    r"passengers|orders|units|population|rooms|accidents|deaths|cases|tips|duration|distance|temperature|temp|pressure|"
    r"length|width|depth|area|volume|speed|balance|revenue|profit|charges|fare|mpg|gdp|rainfall|yield|power|energy|load"
)
