"""What a live tenant says, and the questions to Microsoft Graph that find it out."""
