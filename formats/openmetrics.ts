/** A gauge with samples at times of their own. */
export interface OpenMetricsFamily {
  name: string;
  help: string;
  labels: readonly string[];
}

/** The lines that begin a family; its samples follow, those of one set of labels together and in time. */
export function familyHead({ name, help }: OpenMetricsFamily): string {
  return `# TYPE ${name} gauge\n# HELP ${name} ${escaped(help)}\n`;
}

/** One sample; the time in whole seconds since the epoch. */
export function sampleLine(
  { name, labels }: OpenMetricsFamily,
  values: readonly unknown[],
  value: number,
  at_s: number,
): string {
  const pairs = labels.map((label, i) => `${label}="${escaped(String(values[i] ?? ''))}"`);
  return `${name}{${pairs.join(',')}} ${value} ${at_s}\n`;
}

/** The last line of every document. */
export const openMetricsEnd = '# EOF\n';

/** A text that an attacker wrote stays inside its quotes and its line. */
function escaped(text: string): string {
  return Buffer.from(text)
    .toString()
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', ' ');
}
