// `npm run bench`: builds the product and the benchmark, then runs it (bench/ingest.ts).
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (script, ...args) =>
  execFileSync(process.execPath, [path.join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });

if (!process.argv.includes('--no-build')) run('scripts/build.mjs');
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.bench.json');
const { main } = await import(path.join(root, '.cache/bench/bench/ingest.js'));
await main(
  process.argv.slice(2).filter((arg) => arg !== '--no-build'),
  root,
);
