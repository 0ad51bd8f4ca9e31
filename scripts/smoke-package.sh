#!/usr/bin/env bash
# What someone gets who installs the package: packs it, installs the tarball into an empty folder, and runs
# the commands and the server from there. Needs the npm registry. Prints what it checked; fails aloud.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() {
  echo "package: $*" >&2
  exit 1
}

(cd "$root" && npm pack --ignore-scripts --pack-destination "$work" >"$work/name" 2>"$work/pack.log")
! grep -iE '^npm (warn|err)' "$work/pack.log" || fail 'npm pack warns'
tarball="$work/$(tail -1 "$work/name")"
bytes=$(wc -c <"$tarball")
tar -tzf "$tarball" >"$work/files"
files=$(wc -l <"$work/files")
[ "$bytes" -le 2000000 ] || fail "the tarball has $bytes bytes, more than 2,000,000"
for wanted in LICENSE README.md dist/cli/main.js dist/THIRD-PARTY-LICENSES.txt; do
  grep -qx "package/$wanted" "$work/files" || fail "$wanted is not in it"
done
! grep -E '\.(map|ts)$|^package/test/' "$work/files" || fail 'it holds files for development'

mkdir "$work/empty"
cd "$work/empty"
echo '{"private": true}' >package.json
npm install --silent --no-fund --no-audit "$tarball"
installed_kb=$(du -sk node_modules | cut -f1)
[ "$installed_kb" -le 130000 ] || fail "installed it takes $installed_kb kB, more than 130,000"

npx keymeter --version
quietly() { "$@" >"$work/log" 2>&1 || fail "$*: $(cat "$work/log")"; }
quietly npx keymeter demo trail
quietly npx keymeter ingest trail/AWSLogs --db kms.duckdb
npx keymeter run quota-utilisation --db kms.duckdb --format csv >quota.csv
head -3 quota.csv
calls=$(npx keymeter sql 'SELECT count(*) AS n FROM kms_events' --db kms.duckdb --format csv | tail -1 | tr -d '\r')
[ "$calls" -gt 10000 ] || fail "the demo trail gave $calls events"
for format in html csv; do
  quietly npx keymeter report finops --db kms.duckdb --format "$format" --out "finops.$format"
  [ -s "finops.$format" ] || fail "no finops.$format"
done
quietly npx keymeter export --db kms.duckdb --out events.parquet
[ "$(head -c 4 events.parquet)" = PAR1 ] || fail 'the export is not Parquet'
! npx keymeter run no-such-analysis --db kms.duckdb >/dev/null 2>&1 || fail 'an unknown analysis succeeded'
npx keymeter ingest s3://keymeter-smoke-test/none --db kms.duckdb --endpoint http://127.0.0.1:9 >"$work/s3.log" 2>&1 || true
! grep -qi 'cannot find' "$work/s3.log" || fail "the AWS SDK is not found: $(cat "$work/s3.log")"

node node_modules/keymeter/dist/cli/main.js serve --db kms.duckdb --port 0 2>"$work/serve.log" &
server=$!
for _ in $(seq 600); do
  url=$(grep -oE 'http://[0-9.:]+' "$work/serve.log" || true)
  [ -z "$url" ] || break
  kill -0 "$server" 2>/dev/null || fail "the server ended: $(cat "$work/serve.log")"
  sleep 0.1
done
[ -n "$url" ] || fail 'the server did not start within a minute'
node --input-type=module - "$url" "$calls" <<'JS'
const [url, calls] = process.argv.slice(2);
const get = async (path) => {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
};
const page = await (await get('/')).text();
for (const [, asset] of page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) await get(asset);
const { rows } = await (await get('/api/v1/analyses/service-usage')).json();
if (rows.length === 0) throw new Error('no rows');
for (const path of ['/openapi.json', '/metrics', '/api/v1/health', '/docs']) await get(path);
JS
kill -TERM "$server"
wait "$server" || fail 'the server did not end cleanly'
server=
echo "package: $files files, $bytes bytes packed, $installed_kb kB installed; $calls events of the demo trail"
