"""How single values are written in the file, and read.

A reader takes what JSON (or a variable, always text) gave and raises a `PydanticCustomError` that says what is
expected. No message repeats the value: who reports the problem knows whether it may be shown.
"""
