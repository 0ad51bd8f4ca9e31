#!/usr/bin/env bash
# Checks the files of deploy/ with the tools made for them, and runs the steps of the Containerfile in a
# clean folder. A tool that cannot be installed is skipped, aloud. Needs the registries of npm, PyPI and Go.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.cache/deploy-tools"
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$tools"
fail() {
  echo "deploy: $*" >&2
  exit 1
}

# The Containerfile: a linter, then its steps.
(cd "$tools" && [ -d node_modules/dockerfile-utils ] || npm install --silent --no-save --no-fund --no-audit --prefix "$tools" dockerfile-utils@0.16.3)
(cd "$tools" && node -e '
  const { validate } = require("dockerfile-utils");
  const faults = validate(require("fs").readFileSync(process.argv[1], "utf8"));
  for (const { message, range } of faults) console.error(`line ${range.start.line + 1}: ${message}`);
  process.exit(faults.length === 0 ? 0 : 1);
' "$root/deploy/Containerfile") || fail 'the Containerfile has faults'
echo 'deploy: the Containerfile is sound'

# The manifest and the policy.
if [ ! -x "$tools/python/bin/kubernetes-validate" ]; then
  python3 -m venv "$tools/python" 2>/dev/null &&
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check kubernetes-validate==1.37.0 parliament==1.6.4 setuptools==80.9.0 ||
    echo 'SKIP: no Python with venv: the manifest and the policy are not validated'
fi
if [ -x "$tools/python/bin/kubernetes-validate" ]; then
  "$tools/python/bin/kubernetes-validate" --strict "$root/deploy/kubernetes.yaml" >/dev/null || fail 'the manifest is not valid'
  echo 'deploy: the Kubernetes manifest is valid'
  "$tools/python/bin/python" -W ignore - "$root/deploy/iam-policy.json" <<'PY' || fail 'the policy has findings'
import sys
from parliament import analyze_policy_string
findings = analyze_policy_string(open(sys.argv[1]).read()).findings
for finding in findings:
    print(finding, file=sys.stderr)
sys.exit(1 if findings else 0)
PY
  echo 'deploy: the IAM policy is sound'
fi

# The Terraform, by the parser of Terraform.
if command -v go >/dev/null 2>&1; then
  [ -x "$tools/hclfmt" ] || GOBIN="$tools" go install github.com/hashicorp/hcl/v2/cmd/hclfmt@v2.25.0
  "$tools/hclfmt" -check "$root"/deploy/terraform/*.tf >/dev/null || fail 'the Terraform is not formatted'
  echo 'deploy: the Terraform is HCL'
else
  echo 'SKIP: no Go: the Terraform is not parsed'
fi

# The unit; that keymeter itself is not installed here is no fault of it.
if command -v systemd-analyze >/dev/null 2>&1; then
  SYSTEMD_LOG_LEVEL=err systemd-analyze verify "$root/deploy/keymeter.service" || fail 'the unit has faults'
  echo 'deploy: the systemd unit is sound'
else
  echo 'SKIP: no systemd-analyze: the unit is not verified'
fi

# The steps of the Containerfile, one after another, on folders below a clean one.
node "$root/scripts/containerfile-steps.mjs" "$root/deploy/Containerfile" "$work" >"$work/steps.sh"
mkdir "$work/context"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - --ignore-failed-read 2>/dev/null) | tar -xf - -C "$work/context"
chmod 755 "$work"
bash "$work/steps.sh" build >"$work/build.log" 2>&1 || fail "a step failed: $(tail -20 "$work/build.log")"
port=$((20000 + RANDOM % 20000))
KEYMETER_PORT=$port bash "$work/steps.sh" start --port "$port" >"$work/start.log" 2>&1 &
server=$!
for _ in $(seq 120); do
  kill -0 "$server" 2>/dev/null || fail "it ended: $(cat "$work/start.log")"
  if KEYMETER_PORT=$port bash "$work/steps.sh" health; then
    kill -TERM "$server"
    # It ends within seconds, also in the middle of an ingest; a hanging one must not hold up the script.
    (sleep 120 && kill -KILL "$server" 2>/dev/null) &
    watchdog=$!
    wait "$server" || fail "it did not end cleanly: $(cat "$work/start.log")"
    server=
    kill "$watchdog" 2>/dev/null || true
    echo 'deploy: the steps of the Containerfile give a server that is healthy'
    exit 0
  fi
  sleep 1
done
fail "it is not healthy: $(cat "$work/start.log")"
