"""`make bench`: how long the commands take, beside what Pulumi itself takes for as many resources."""
