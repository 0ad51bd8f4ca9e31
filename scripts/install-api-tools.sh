#!/bin/sh
# Installs what test/api/openapi-clients.test.ts needs into .cache/api-tools of the checkout: redocly, the
# generator of a TypeScript client and, where there is Python, that of a Python client. Does nothing when
# they are there. They have a folder of their own because the project itself never needs them.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.cache/api-tools"
npm_packages='@redocly/cli@2.77.0 openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3'
python_packages='openapi-python-client==0.29.1'
wanted="$npm_packages $python_packages"

if [ "$(cat "$tools/version" 2>/dev/null)" = "$wanted" ]; then
  echo "the API tools are there: $tools"
  exit 0
fi
rm -rf "$tools"
mkdir -p "$tools"
echo '{"private": true}' >"$tools/package.json"
# shellcheck disable=SC2086
(cd "$tools" && npm install --silent --no-fund --no-audit --save-exact $npm_packages)
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
  python3 -m venv "$tools/python"
  # shellcheck disable=SC2086
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check $python_packages
else
  echo 'No Python with venv: the test of a Python client will be skipped' >&2
fi
echo "$wanted" >"$tools/version"
echo "installed the API tools: $tools"
