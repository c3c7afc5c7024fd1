"""The list of issues: an address in, a page of rows out. Every view is an address that can be sent to a colleague."""
