// Compiles ingest/scan/assembly (AssemblyScript) to dist/ingest/scan/scanner.wasm.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scanner = path.join(root, 'ingest/scan');
const wasm = path.join(root, 'dist/ingest/scan/scanner.wasm');

const flags = [
  '-O3',
  '--enable=simd,bulk-memory',
  // No garbage collector and no imports: memory is laid out by hand, and nothing aborts.
  '--runtime=stub',
  '--use=abort=',
  '--noAssert',
  // v128 in signatures: none of them is exported from the module.
  '--disableWarning=112',
];

/** Does nothing when the output is newer than all that it is made of. */
export function buildScanner() {
  const inputs = [
    ...readdirSync(path.join(scanner, 'assembly')).map((name) =>
      path.join(scanner, 'assembly', name),
    ),
    path.join(scanner, 'layout.ts'),
    path.join(root, 'ingest/facts.ts'),
    path.join(root, 'node_modules/assemblyscript/package.json'),
    fileURLToPath(import.meta.url),
  ];
  const built = statSync(wasm, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (inputs.every((file) => statSync(file).mtimeMs < built)) return;
  mkdirSync(path.dirname(wasm), { recursive: true });
  const unfinished = `${wasm}.${process.pid}`;
  const asc = path.join(root, 'node_modules/assemblyscript/bin/asc.js');
  const source = path.join(scanner, 'assembly/index.ts');
  execFileSync(process.execPath, [asc, source, '-o', unfinished, ...flags], {
    cwd: root,
    stdio: 'inherit',
  });
  // Others may be loading the file: they see the old one or the new one.
  renameSync(unfinished, wasm);
}
