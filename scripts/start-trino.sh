#!/usr/bin/env bash
# Runs the Trino node of install-trino.sh in the foreground: loopback only, 1 GiB heap, catalog `lake` over the files
# below ROOT (as local:///...), its metastore in ROOT/metastore. Usage: scripts/start-trino.sh ROOT PORT
set -euo pipefail

root=$(mkdir -p "$1" && cd "$1" && pwd)
port=$2
home=$(cd "$(dirname "$0")/.." && pwd)/.cache/trino
state="$root/.trino-$port"
JAVA_HOME=$(cat "$home/jdk")
export JAVA_HOME PATH="$JAVA_HOME/bin:$PATH"

mkdir -p "$state/etc/catalog" "$root/metastore"
cat >"$state/etc/node.properties" <<END
node.environment=keymeter
node.id=node-$port
node.data-dir=$state/data
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
END
cat >"$state/etc/config.properties" <<END
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port=$port
discovery.uri=http://127.0.0.1:$port
memory.heap-headroom-per-node=150MB
query.max-memory-per-node=700MB
END
printf '%s\n' -Xmx1G -XX:+UseSerialGC -XX:TieredStopAtLevel=${KEYMETER_TRINO_TIER:-4} \
  -Djdk.attach.allowAttachSelf=true -Duser.timezone=UTC -XX:+EnableDynamicAgentLoading >"$state/etc/jvm.config"
cat >"$state/etc/catalog/lake.properties" <<END
connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local:///metastore
fs.native-local.enabled=true
local.location=$root
hive.non-managed-table-writes-enabled=true
END
exec "$home/server/bin/launcher" -etc-dir "$state/etc" -data-dir "$state/data" run
