import type { Analysis } from '../../analytics/analysis.ts';
import type { Config } from '../../core/config.ts';
import type { Engine } from '../../store/engine.ts';

/** What differs between two engines' answers to one question; null when nothing does. */
export async function difference(
  analysis: Analysis,
  engines: { left: Engine; right: Engine },
  config: Config,
  params: Record<string, unknown>,
): Promise<string | null> {
  const ask = async (engine: Engine) => {
    try {
      const { rows, notes, truncated } = await analysis.execute(params, { engine, config });
      return { rows, notes, truncated };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };
  const left = await ask(engines.left);
  const right = await ask(engines.right);
  if ('error' in left || 'error' in right) {
    const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
    return 'error' in left && 'error' in right && a === b
      ? null
      : `${a.slice(0, 300)} | ${b.slice(0, 900)}`;
  }
  if (left.rows.length !== right.rows.length) {
    return `${left.rows.length} rows against ${right.rows.length}`;
  }
  for (const [i, row] of left.rows.entries()) {
    const [a, b] = [JSON.stringify(row), JSON.stringify(right.rows[i])];
    if (a !== b) return `row ${i}: ${a.slice(0, 1_500)} | ${b.slice(0, 1_500)}`;
  }
  const [a, b] = [JSON.stringify(left.notes), JSON.stringify(right.notes)];
  return a === b ? null : `notes: ${a} | ${b}`;
}
