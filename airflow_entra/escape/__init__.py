"""The ways out for foreign text: one module for each medium, and no other code escapes.

Foreign is every text that somebody else may choose: a name in a pull request's stack file, what the directory, a token,
Graph or Pulumi says, a commit's author, an argument, a file's name. A writer hands it to the medium's function as it
is; what the function gives back shows the text and does nothing else. Two media on top of each other (a shell command
in a fence of Markdown) are two calls, the inner one first.

    terminal       one value on one line; all that a command prints. Logs of CI systems are terminals
    markdown       text, code, fences and tables as GitHub and Azure DevOps show them
    markup         SVG, and pages of HTML made of templates
    spreadsheet    CSV that stays text in Excel, whatever its locale's separator
    mermaid        labels
    json_text      documents for programs
    workflow       GitHub's workflow commands and SARIF messages
    configuration  values and comments in YAML, Python, Helm and Compose files
    shell          words of a command that somebody will paste
    pulumi_log     what our program says through Pulumi
    odata          strings in a filter of Microsoft Graph

The local tenant and what runs inside Airflow import nothing of ours; they have a way out of their own for what they
write: Jinja with autoescape for pages, and claims.display for Airflow's log.
"""
