"""What keys begin with, how many characters follow at least, and which.

It imports nothing, as `redaction` does.
"""

from __future__ import annotations

WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
TOKEN = WORD + b"_-"
BLOB = TOKEN + b"+/=.~"
_HEX = b"0123456789abcdef"
_HEXES = _HEX + b"ABCDEF"
_DOTTED = TOKEN + b"."

PREFIXES = (
    # models
    (b"sk-", 20, TOKEN),  # OpenAI, Anthropic, OpenRouter and others
    (b"AIza", 30, TOKEN),  # Google
    (b"ya29.", 20, _DOTTED),
    (b"GOCSPX-", 24, TOKEN),
    (b"hf_", 30, WORD),  # Hugging Face
    (b"gsk_", 40, WORD),  # Groq
    (b"xai-", 40, TOKEN),
    (b"pplx-", 40, WORD),
    (b"nvapi-", 50, TOKEN),
    (b"r8_", 36, WORD),  # Replicate
    (b"tvly-", 24, TOKEN),
    (b"lsv2_", 32, TOKEN),  # LangSmith
    # code hosts and registries
    (b"ghp_", 30, WORD),  # GitHub
    (b"gho_", 30, WORD),
    (b"ghu_", 30, WORD),
    (b"ghs_", 30, _DOTTED),
    (b"ghr_", 30, WORD),
    (b"github_pat_", 22, TOKEN),
    (b"glpat-", 20, _DOTTED),  # GitLab
    (b"glptt-", 40, _HEX),
    (b"gldt-", 20, TOKEN),
    (b"glrt-", 20, _DOTTED),
    (b"glcbt-", 20, _DOTTED),
    (b"glsoat-", 20, TOKEN),
    (b"glft-", 20, TOKEN),
    (b"glagent-", 40, TOKEN),
    (b"ATATT3", 60, TOKEN + b"="),  # Atlassian
    (b"npm_", 36, WORD),
    (b"pypi-", 50, TOKEN),
    (b"rubygems_", 48, _HEX),
    (b"dckr_pat_", 24, TOKEN),
    (b"AKCp", 60, WORD),  # Artifactory
    (b"CCIPAT_", 30, TOKEN),  # CircleCI
    (b"squ_", 40, _HEX),  # SonarQube
    (b"sqp_", 40, _HEX),
    (b"sqa_", 40, _HEX),
    (b"sgp_", 40, _HEX + b"_"),  # Sourcegraph
    # clouds and databases
    (b"AKIA", 16, WORD),  # AWS
    (b"ASIA", 16, WORD),
    (b"LTAI", 16, WORD),  # Alibaba
    (b"dop_v1_", 60, _HEX),  # DigitalOcean
    (b"doo_v1_", 60, _HEX),
    (b"dor_v1_", 60, _HEX),
    (b"dapi", 32, _HEX),  # Databricks
    (b"HRKU-", 30, TOKEN),  # Heroku
    (b"fm2_", 60, BLOB),  # Fly
    (b"nfp_", 36, WORD),  # Netlify
    (b"vercel_blob_rw_", 30, TOKEN),
    (b"sbp_", 40, _HEX),  # Supabase
    (b"pscale_", 36, _DOTTED),  # PlanetScale
    (b"atlasv1.", 60, TOKEN + b"="),  # Terraform
    (b"hvs.", 24, TOKEN),  # Vault
    (b"hvb.", 24, TOKEN),
    (b"pul-", 40, _HEX),  # Pulumi
    (b"dp.pt.", 40, WORD),  # Doppler
    (b"dp.st.", 40, _DOTTED),
    (b"ops_eyJ", 60, TOKEN),  # 1Password
    (b"AGE-SECRET-KEY-1", 50, WORD),
    (b"tskey-", 20, TOKEN),  # Tailscale
    # payments, mail, chat, watching
    (b"sk_live_", 16, WORD),
    (b"rk_live_", 16, WORD),
    (b"whsec_", 24, BLOB),
    (b"shpat_", 32, _HEXES),  # Shopify
    (b"shpss_", 32, _HEXES),
    (b"shpca_", 32, _HEXES),
    (b"shppa_", 32, _HEXES),
    (b"sq0csp-", 40, TOKEN),  # Square
    (b"sq0atp-", 20, TOKEN),
    (b"SG.", 40, _DOTTED),  # SendGrid
    (b"xkeysib-", 60, TOKEN),
    (b"xoxb-", 10, TOKEN),  # Slack
    (b"xoxp-", 10, TOKEN),
    (b"xoxa-", 10, TOKEN),
    (b"xoxr-", 10, TOKEN),
    (b"xoxs-", 10, TOKEN),
    (b"xoxe-", 20, TOKEN),
    (b"xapp-", 20, TOKEN),
    (b"lin_api_", 32, WORD),  # Linear
    (b"ntn_", 40, WORD),  # Notion
    (b"secret_", 43, WORD),
    (b"figd_", 36, TOKEN),  # Figma
    (b"PMAK-", 50, TOKEN),  # Postman
    (b"NRAK-", 24, WORD),  # New Relic
    (b"glsa_", 32, TOKEN),  # Grafana
    (b"glc_eyJ", 60, BLOB),
    (b"sntrys_", 40, BLOB),  # Sentry
    (b"sntryu_", 60, _HEX),
    (b"dt0c01.", 60, _DOTTED),  # Dynatrace
    (b"phx_", 40, WORD),  # PostHog
    (b"eyJ", 60, _DOTTED),  # a signed token: three parts
)
# What stands before a key of any form, in whatever case.
LABELS = (
    b"bearer ",
    b"authorization: basic ",
    b"authorization: token ",
    b"-api-key",  # x-api-key, x-goog-api-key
    b"aws_secret_access_key",
    b"accountkey=",  # Azure
    b"sharedaccesskey=",
    b"_authtoken=",  # npm
    b"hooks.slack.com/services/",
    b"/api/webhooks/",  # Discord
)
# In names of settings that hold a secret, in whatever case: what is no word behind them is one.
NAMES = (
    b"password",
    b"passwd",
    b"secret",
    b"api_key",
    b"apikey",
    b"access_token",
    b"auth_token",
    b"private_key",
)
