"""Who has access, what they did with it, and what is wrong: worked out of what the directory and Airflow say.

Pure, but for `evidence`, which keeps an audit in files.
"""
