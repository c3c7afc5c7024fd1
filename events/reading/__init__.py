"""What is asked of what came: one call for each kind of answer; values in, values out.

``events`` has the whole events that are kept, ``tags`` what they say together, ``losses`` what did not become one.
"""
