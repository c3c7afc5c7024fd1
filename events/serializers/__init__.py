"""Words into values, values into words; they ask nothing."""
