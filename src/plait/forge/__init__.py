"""Code hosts: GitHub, GitLab, Gitea and Forgejo, over their web APIs."""
