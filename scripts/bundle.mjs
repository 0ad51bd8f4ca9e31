// Bundles what is started: the command line (dist/cli/main.js with dist/chunks/) and the reader's thread
// (dist/ingest/worker.cjs). Node takes longer to find and link a few hundred small modules than a small
// ingest takes. The modules that tsc wrote stay beside them for the benches; a process uses either these
// or those, so that each module is there once.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * What package.json lists under `dependencies` is installed with the package and loaded from there: native
 * code, what finds files of its own, and what is needed only sometimes and is large. Everything else that
 * the program imports is a development dependency and becomes part of the bundles.
 */
const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const external = Object.keys(dependencies);

/**
 * Modules find their data (SQL, JSON, the scanner) beside themselves. Bundled, each stands in one of the
 * folders of dist/, but looks where it would stand unbundled.
 */
const dataBesideModules = {
  name: 'data-beside-modules',
  transform(code, id) {
    if (!id.startsWith(root) || id.includes('node_modules')) return null;
    const place = path.relative(root, id).replace(/\.ts$/, '.js');
    const there = `new URL('../${place}', import.meta.url).href`;
    return { code: code.replaceAll('import.meta.url', there), map: null };
  },
};

/** The registry reads the folders of the topics; a bundle has imports in their place. */
const importedTopics = {
  name: 'imported-topics',
  load(id) {
    const room = path.join(root, 'analytics');
    if (id !== path.join(room, 'topic-modules.ts')) return null;
    const modules = readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.includes(path.sep) && file.endsWith('.ts'))
      .filter((file) => /^export default /m.test(readFileSync(path.join(room, file), 'utf8')))
      .map((file) => file.slice(0, -'.ts'.length).replaceAll(path.sep, '/'));
    const entries = modules.map((name) => `['${name}', () => import('./${name}.ts')]`);
    return `export const topicModules = () => new Map([${entries.join(',\n')}]);`;
  },
};

async function bundle(entry, output) {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external },
    plugins: [dataBesideModules, importedTopics],
    build: {
      ssr: true,
      outDir: 'dist',
      emptyOutDir: false,
      sourcemap: true,
      minify: false,
      target: 'node20',
      rolldownOptions: { input: { [entry]: path.join(root, `${entry}.ts`) }, output },
    },
  });
}

/** Writes both bundles into dist/. */
export async function bundleProgram() {
  rmSync(path.join(root, 'dist/chunks'), { recursive: true, force: true });
  await bundle('cli/main', {
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
  });
  // CommonJS: piscina requires it, and Node 20 aborts when a thread is ended while it requires ES modules.
  await bundle('ingest/worker', {
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
  });
}
