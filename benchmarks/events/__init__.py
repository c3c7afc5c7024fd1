"""What it costs to take events in and to count them, beside what it would cost by hand."""
