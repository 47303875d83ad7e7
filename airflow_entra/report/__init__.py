"""Text, Markdown, HTML, JSON, CSV, SARIF and annotations out of what the commands found."""
