"""What the report and the slides share: the tables, in the same words and colours."""
