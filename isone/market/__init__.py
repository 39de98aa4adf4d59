"""What ISO-NE publishes: operating days, datasets, their columns and flaws."""
