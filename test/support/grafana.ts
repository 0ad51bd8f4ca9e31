import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, '../../dashboards/grafana');

/** Files of Grafana and Prometheus by their path in dashboards/grafana, with their text. */
export function grafanaFiles(): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [path.relative(folder, file), readFileSync(file, 'utf8')]));
}

/** Samples of a text exposition: labels and value by metric. */
export type Samples = Map<string, { labels: Record<string, string>; value: number }[]>;

export function samplesOf(text: string): Samples {
  const samples: Samples = new Map();
  for (const line of text.split('\n')) {
    const match = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) continue;
    const pairs = [...(match[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
    const labels = Object.fromEntries(pairs.map((pair) => [pair[1]!, pair[2]!]));
    const known = samples.get(match[1]!) ?? [];
    samples.set(match[1]!, [...known, { labels, value: Number(match[3]) }]);
  }
  return samples;
}

/** What an expression reads: its metrics, the labels that it matches or groups by, its variables. */
export function readsOf(expr: string) {
  const metrics = [...expr.matchAll(/\b(?:keymeter|process|nodejs)_[a-z0-9_]+/g)].map(
    (match) => match[0],
  );
  const matched = [...expr.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map((match) => match[1]!);
  const grouped = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap((match) =>
    match[1]!.split(',').map((label) => label.trim()),
  );
  const variables = [...expr.matchAll(/\$(\w+)/g)].map((match) => match[1]!);
  return { metrics, labels: [...matched, ...grouped], variables };
}

export interface AlertRule {
  uid: string;
  title: string;
  expr: string;
  /** It fires above this. */
  above: number;
  text: string;
}

/** The rules of Grafana's alert provisioning file. */
export function alertRules(yaml: string): AlertRule[] {
  const one = (pattern: RegExp, text: string) => {
    const found = [...text.matchAll(pattern)];
    if (found.length !== 1) throw new Error(`${found.length} of ${String(pattern)} in ${text}`);
    return found[0]![1]!;
  };
  return yaml
    .split(/^ {6}- (?=uid:)/m)
    .slice(1)
    .map((text) => ({
      uid: one(/^uid: (\S+)$/gm, text),
      title: one(/^ {8}title: '(.*)'$/gm, text),
      expr: one(/^ {14}expr: '(.*)'$/gm, text),
      above: Number(one(/type: gt\n\s+params: \[([\d.]+)\]/g, text)),
      text,
    }));
}
