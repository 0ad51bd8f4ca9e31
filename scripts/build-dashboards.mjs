// Builds the web app into dist/dashboards, unless nothing that goes into it has changed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeApiTypes } from './api-types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const app = path.join(root, 'dashboards');
const stamp = path.join(root, 'dist/dashboards.inputs');

function inputs() {
  const hash = createHash('sha256');
  const charts = path.join(root, 'charts');
  const drawings = readdirSync(charts).map((file) => path.join(charts, file));
  const files = readdirSync(app, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('grafana'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .concat(drawings, path.join(root, 'package-lock.json'))
    .sort();
  for (const file of files) hash.update(path.relative(root, file)).update(readFileSync(file));
  return hash.digest('hex');
}

await writeApiTypes();
const now = inputs();
const built = existsSync(path.join(root, 'dist/dashboards/index.html'));
if (!built || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== now) {
  const { build } = await import('vite');
  await build({ configFile: path.join(app, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stamp, now);
}
