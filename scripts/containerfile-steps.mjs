// Writes the steps of a Containerfile as a shell script whose folders lie below a clean one, for machines
// without a container engine: `build` runs RUN, COPY and WORKDIR of all stages, `start` the ENTRYPOINT with
// CMD and more words, `health` the HEALTHCHECK, both as an unprivileged user where root can become one.
// Usage: node scripts/containerfile-steps.mjs FILE FOLDER
import { readFileSync } from 'node:fs';

const [file, folder] = process.argv.slice(2);
const text = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .join('\n')
  .replaceAll('\\\n', ' ');
const steps = text
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => /^(\w+)\s+(.*)$/.exec(line.trim()));
const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;
/** Absolute paths of the image below the stage's folder; /tmp too. */
const moved = (words, stage) =>
  words.replace(/(^|[\s"'=])\/(build|app|data|tmp)\b/g, `$1${folder}/stage${stage}/$2`);

const build = [];
const environment = [];
const started = { entry: [], command: [], health: [] };
let stage = 0;
let at = '/';
const names = new Map();
for (const [, word, rest] of steps) {
  const here = `${folder}/stage${stage}`;
  if (word === 'FROM') {
    stage++;
    at = '/';
    const name = / AS (\w+)$/.exec(rest);
    if (name) names.set(name[1], stage);
    build.push(`mkdir -p ${folder}/stage${stage}/tmp && chmod 1777 ${folder}/stage${stage}/tmp`);
  } else if (word === 'WORKDIR') {
    at = rest;
    build.push(`mkdir -p ${here}${at}`);
  } else if (word === 'RUN') {
    // The user of the image; here nobody stands for it.
    const command = moved(rest, stage).replace('node:node', 'nobody');
    build.push(`(cd ${here}${at} && ${command})`);
  } else if (word === 'COPY') {
    const from = /^--from=(\w+) (\S+) (\S+)$/.exec(rest);
    if (from) {
      const source = `${folder}/stage${names.get(from[1])}${from[2]}`;
      build.push(`mkdir -p $(dirname ${here}${from[3]}) && cp -a ${source} ${here}${from[3]}`);
    } else build.push(`cp -a ${folder}/context/. ${here}${at}`);
  } else if (word === 'ENV') environment.push(moved(rest, stage));
  else if (word === 'ENTRYPOINT') started.entry = JSON.parse(moved(rest, stage));
  else if (word === 'CMD') started.command = JSON.parse(moved(rest, stage));
  else if (word === 'HEALTHCHECK')
    started.health = JSON.parse(moved(/CMD (\[.*\])/.exec(rest)[1], stage));
  else if (!['LABEL', 'USER', 'VOLUME', 'EXPOSE'].includes(word))
    throw new Error(`unknown: ${word}`);
}
const words = (list) =>
  list.map((word) => quoted(word === '0.0.0.0' ? '127.0.0.1' : word)).join(' ');
const home = `cd ${folder}/stage${stage}${at} && export ${environment.join(' ')}`;
const node = '$(id -u)" = 0 ] && command -v setpriv >/dev/null';
console.log(`set -euo pipefail
as=()
if [ "${node}; then as=(setpriv --reuid=nobody --regid=nogroup --clear-groups); fi
case $1 in
build)
${build.map((line) => `  ${line}`).join('\n')}
  ;;
start) shift; ${home}; exec "\${as[@]}" ${words([...started.entry, ...started.command])} "$@" ;;
health) ${home}; exec "\${as[@]}" ${words(started.health)} ;;
esac`);
