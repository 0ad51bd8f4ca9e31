#!/usr/bin/env bash
# Installs one Trino node (server core and the Hive connector, from Maven Central) into .cache/trino of the checkout:
# about 0.8 GB. Needs a JDK of version 24 or newer (JAVA_HOME, or one under /usr/lib/jvm) and Maven. Does nothing
# when it is there. `scripts/start-trino.sh ROOT PORT` then starts it over the files below ROOT.
set -euo pipefail

version=476
root=$(cd "$(dirname "$0")/.." && pwd)
home="$root/.cache/trino"

major() { "$1/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1; }
find_jdk() {
  local jdk
  for jdk in "${JAVA_HOME:-/none}" /usr/lib/jvm/*; do
    [ -x "$jdk/bin/java" ] && [ "$(major "$jdk")" -ge 24 ] && echo "$jdk" && return
  done
  return 1
}
jdk=$(find_jdk) || {
  command -v apt-get >/dev/null && {
    apt-get update -qq >/dev/null 2>&1
    for package in openjdk-25-jdk-headless temurin-25-jdk; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 && break
    done
  }
  jdk=$(find_jdk) || {
    echo 'no JDK 24 or newer: set JAVA_HOME to one' >&2
    exit 1
  }
}
mkdir -p "$home"
echo "$jdk" >"$home/jdk"
if [ "$(cat "$home/version" 2>/dev/null)" = "$version" ]; then
  echo "Trino $version is there: $home"
  exit 0
fi
command -v mvn >/dev/null || {
  echo 'Maven is not installed: it fetches Trino' >&2
  exit 1
}
repository="${HOME:-/root}/.m2/repository"
fetch() {
  JAVA_HOME="$jdk" mvn -q -B "-Dmaven.repo.local=$repository" dependency:get -Dtransitive=false \
    "-Dartifact=io.trino:$1:$version:$2" >&2
  echo "$repository/io/trino/$1/$version/$1-$version.$2"
}
core=$(fetch trino-server-core tar.gz)
hive=$(fetch trino-hive zip)
rm -rf "$home/server"
mkdir -p "$home/server/plugin"
tar xzf "$core" -C "$home/server" --strip-components=1
(cd "$home/server/plugin" && "$jdk/bin/jar" xf "$hive" && mv "trino-hive-$version" hive)
echo "$version" >"$home/version"
echo "installed Trino $version: $home"
