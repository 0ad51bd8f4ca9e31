#!/bin/sh
# Builds promtool and prometheus, for the tests of metrics, rules and panels, into .cache/bin of the checkout.
# Needs Go and its module proxy; a few minutes on two cores. Does nothing when they are there.
# Service discovery is left out (the tests name their one target), which halves the build.
set -eu

version=v0.316.0
root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/.cache/bin"

if [ -x "$bin/promtool" ] && [ -x "$bin/prometheus" ] && [ "$(cat "$bin/prometheus.version" 2>/dev/null)" = "$version" ]; then
  echo "prometheus $version is there: $bin"
  exit 0
fi
if ! command -v go >/dev/null 2>&1; then
  echo "Go is not installed: the tests with promtool and Prometheus will be skipped" >&2
  exit 1
fi
mkdir -p "$bin"
# A module of our own, because `go install` refuses modules with exclude directives.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
go mod init build.invalid/prometheus >/dev/null 2>&1
cat >tools.go <<'GO'
//go:build tools

package tools

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
GO
go get "github.com/prometheus/prometheus@$version"
GOFLAGS=-mod=mod go build -tags remove_all_sd -ldflags='-s -w' -o "$bin/" \
  github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool
echo "$version" >"$bin/prometheus.version"
echo "installed prometheus $version: $bin"
