#!/usr/bin/env bash
# Installs tierops into an environment of its own, once a job. What is installed needs none of the keys that the job holds.
set -euo pipefail
unset VOUCHERIFY_APP_ID VOUCHERIFY_APP_TOKEN VOUCHERIFY_OAUTH_TOKEN FANFARE_SECRET_KEY

home="$RUNNER_TEMP/tierops-venv"
if [ -x "$home/bin/tierops" ]; then
  exit 0
fi
python3 -m venv "$home"
pip() {
  "$home/bin/python" -m pip --quiet --disable-pip-version-check install "$@"
}
if [ -n "${WITH_SOURCE:-}" ]; then
  pip -- "$WITH_SOURCE"
else
  pip --constraint "$GITHUB_ACTION_PATH/constraints.txt" -- "$GITHUB_ACTION_PATH[sign]"
fi
