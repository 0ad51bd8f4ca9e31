// Writes dist/THIRD-PARTY-LICENSES.txt: the licence of every package whose code the bundles contain. Their
// licences ask that it goes with each copy. The source maps of the bundles say which packages those are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = path.join(root, 'dist');

/** Licences under which code may be part of an Apache-2.0 package when its notice is kept. */
const permissive = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']);

/** Folders of the packages that the bundles contain. */
function bundledPackages() {
  const found = new Set();
  for (const map of ['cli/main.js.map', 'ingest/worker.cjs.map', ...chunkMaps()]) {
    const { sources } = JSON.parse(readFileSync(path.join(dist, map), 'utf8'));
    for (const source of sources) {
      const file = path.resolve(dist, path.dirname(map), source);
      const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file);
      if (match) found.add(match[1]);
    }
  }
  return [...found].sort();
}

function chunkMaps() {
  return readdirSync(path.join(dist, 'chunks'))
    .filter((file) => file.endsWith('.map'))
    .map((file) => `chunks/${file}`);
}

/** Throws when a bundled package has a licence that does not allow this. */
export function writeThirdPartyLicenses() {
  const parts = bundledPackages().map((folder) => {
    const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    if (!permissive.has(about.license)) {
      throw new Error(`${about.name} has the licence ${about.license}: it cannot be bundled`);
    }
    const files = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|notice)/i.test(entry.name))
      .map((entry) => entry.name);
    const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
    return [`${about.name} ${about.version} (${about.license})`, ...texts].join('\n\n');
  });
  const head = 'Packages that the bundles of keymeter contain, with their licences.';
  const line = `\n\n${'-'.repeat(78)}\n\n`;
  writeFileSync(path.join(dist, 'THIRD-PARTY-LICENSES.txt'), `${[head, ...parts].join(line)}\n`);
}
