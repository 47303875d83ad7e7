"""What a browser sees at localhost."""
