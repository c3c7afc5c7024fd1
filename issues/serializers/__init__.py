"""The edge: query string -> IssueScope, body -> IssueMutation, outcome and issues -> JSON.

The API's camelCase words live in this package alone.
"""
