"""What many runs say together: sensitivity, tuning, games, frontiers, welfare, calibration.

`study` runs a sensitivity analysis (`sensitivity` is its mathematics), `tuning` looks for the best values of levers in
several `objectives`, `play` runs an empirical game (`games` is its mathematics), `frontiers` holds simulated profits
against `closed_forms`, `welfare` says what an economy is worth, `calibration` makes a scenario of a table of events.
`questions` reads what is asked from files. Packages of the extra ``analysis`` are imported when they are needed.
"""
