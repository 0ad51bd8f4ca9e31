#!/bin/sh
# Builds an S3 server that checks signatures, for test/s3-server.test.ts, into .cache/bin of the checkout.
# Needs Go and its module proxy; about a minute and a half on two cores. Does nothing when it is there.
set -eu

version=v1.8.0
root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/.cache/bin"

if [ -x "$bin/versitygw" ] && [ "$(cat "$bin/versitygw.version" 2>/dev/null)" = "$version" ]; then
  echo "versitygw $version is there: $bin/versitygw"
  exit 0
fi
if ! command -v go >/dev/null 2>&1; then
  echo "Go is not installed: the tests against a real S3 server will be skipped" >&2
  exit 1
fi
mkdir -p "$bin"
GOBIN="$bin" go install -ldflags='-s -w' "github.com/versity/versitygw/cmd/versitygw@$version"
echo "$version" >"$bin/versitygw.version"
echo "installed versitygw $version: $bin/versitygw"
