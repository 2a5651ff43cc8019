"""Published results beside ours: ``python3 -m studies.validation.<name>`` prints the table."""
