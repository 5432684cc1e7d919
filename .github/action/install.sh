#!/usr/bin/env bash
# Installs tierops into an environment of its own, once a job. What is installed may run scripts while it is built, and
# needs none of the keys that the job holds: pip gets the way to programs, to its files and to the index, and no other
# variable.
set -euo pipefail

home="$RUNNER_TEMP/tierops-venv"
if [ -x "$home/bin/tierops" ]; then
  exit 0
fi
kept=()
for name in PATH HOME TMPDIR LANG HTTPS_PROXY HTTP_PROXY ALL_PROXY NO_PROXY https_proxy http_proxy all_proxy no_proxy \
  SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE PIP_CONFIG_FILE PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS \
  PIP_NO_INDEX PIP_TRUSTED_HOST PIP_PROXY PIP_CERT PIP_CLIENT_CERT PIP_KEYRING_PROVIDER; do
  if [ -n "${!name:-}" ]; then
    kept+=("$name=${!name}")
  fi
done
alone() {
  env -i "${kept[@]}" "$@"
}
# -I, for else Python would take a pip.py or venv.py of the checkout for its own; --no-user, whatever a pip.conf says.
pip() {
  alone "$home/bin/python" -I -m pip --quiet --disable-pip-version-check install --no-user "$@"
}
alone python3 -I -m venv "$home"
if [ -n "${WITH_SOURCE:-}" ]; then
  pip -- "$WITH_SOURCE"
else
  pip --constraint "$GITHUB_ACTION_PATH/constraints.txt" -- "$GITHUB_ACTION_PATH[sign]"
fi
