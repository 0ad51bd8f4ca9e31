// Builds dist/: TypeScript by tsc, the files that code reads at run time (SQL, JSON), the scanner, and the
// bundles that are started.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { buildScanner } from './build-scanner.mjs';
import { bundleProgram } from './bundle.mjs';
import { writeThirdPartyLicenses } from './third-party-licenses.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const rooms = [
  'core',
  'charts',
  'reference',
  'store',
  'formats',
  'ingest',
  'verify',
  'analytics',
  'api',
  'reports',
  'alerts',
  'demo',
  'cli',
];

execFileSync(
  process.execPath,
  [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  { cwd: root, stdio: 'inherit' },
);
for (const room of rooms) {
  const from = path.join(root, room);
  if (!existsSync(from)) continue;
  cpSync(from, path.join(root, 'dist', room), {
    recursive: true,
    filter: (file) => !/\.(ts|md)$/.test(file) && path.basename(file) !== 'assembly',
  });
}
removeStale();
buildScanner();
await bundleProgram();
writeThirdPartyLicenses();
const main = path.join(root, 'dist/cli/main.js');
if (existsSync(main)) chmodSync(main, 0o755);
execFileSync(process.execPath, [path.join(root, 'scripts/build-dashboards.mjs')], {
  cwd: root,
  stdio: 'inherit',
});

/** What an earlier build left of sources that are gone: the registry would find such an analysis. */
function removeStale() {
  for (const room of rooms) {
    const built = path.join(root, 'dist', room);
    for (const file of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
      const source = path.join(root, room, file.replace(/\.js(\.map)?$/, '.ts'));
      if (existsSync(source) || file.endsWith('.wasm')) continue;
      rmSync(path.join(built, file), { recursive: true, force: true });
    }
  }
}
