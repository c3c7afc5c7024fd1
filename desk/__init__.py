"""The desk: where people look at issues and act on them all day. Plain views, forms and links; one script beside them.

What is asked is asked by the calls of issues.reading, what is changed is changed by issues.services, as the API does.
"""
