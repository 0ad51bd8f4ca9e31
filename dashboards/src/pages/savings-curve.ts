import { analysisInfo, runAny } from '../api-client.ts';
import { curvesDrawing, type Line } from '../../../charts/lines.ts';
import { chart } from '../charts/chart.ts';
import { h, replace } from '../dom.ts';
import { numberText } from '../format.ts';
import { problemNode } from '../problem.ts';
import { panelParams } from '../params.ts';

/** Windows that a bucket key may live for: AWS names no value, so the curve shows what hangs on it. */
const windows_s = [15, 30, 60, 120, 300, 600, 900];
const ages_s = [10, 30, 60, 120, 300, 600, 1_800, 3_600];

/** Calls saved against how long a key is kept: for bucket keys, and for cached data keys. */
export function savingsPanel(): HTMLElement | null {
  if (!analysisInfo('bucket-key-savings') && !analysisInfo('data-key-cache-savings')) return null;
  const content = h('div', { class: 'panel-content' });
  const draw = () =>
    h('button', { type: 'button', onclick: () => void load(content) }, 'Draw the curves');
  replace(
    content,
    h(
      'p',
      { class: 'muted' },
      'Replays the calls once for each setting, so it takes a moment on much data.',
    ),
    draw(),
  );
  return h(
    'section',
    { class: 'panel', 'aria-label': 'Savings curves', 'data-panel': 'savings-curves' },
    h('header', {}, h('h2', {}, 'Calls saved, by how long a key is kept')),
    content,
  );
}

async function load(content: HTMLElement): Promise<void> {
  replace(content, h('p', {}, 'Replaying…'));
  try {
    const lines = [
      await curve(
        'bucket-key-savings',
        'S3 Bucket Keys',
        'window_seconds',
        windows_s,
        'saved_calls_rewritten',
      ),
      await curve(
        'data-key-cache-savings',
        'Data key caching',
        'max_age_seconds',
        ages_s,
        'saved_calls',
      ),
    ].filter((line) => line !== null);
    if (!content.isConnected) return;
    const drawing = curvesDrawing(lines, {
      label: `Calls saved: ${lines.map(longest).join('; ')}`,
      x: 'seconds that a key is kept',
      y: 'calls saved',
    });
    replace(content, drawing ? chart(drawing) : 'Nothing would be saved.');
  } catch (error) {
    replace(
      content,
      problemNode(error, () => void load(content)),
    );
  }
}

/** What the longest setting of a curve saves, in words. */
function longest(line: Line): string {
  const [setting, saved] = line.points.at(-1) ?? [0, 0];
  return `${line.name} ${numberText(saved ?? 0)} at ${numberText(Number(setting))} s`;
}

/** One setting after another: a replay reads all calls, and other panels want answers too. */
async function curve(
  analysis: string,
  name: string,
  param: string,
  values: readonly number[],
  column: string,
): Promise<Line | null> {
  if (!analysisInfo(analysis)) return null;
  const points: [number, number][] = [];
  for (const value of values) {
    const { params } = panelParams(analysis, { [param]: String(value) });
    const { rows } = await runAny(analysis, params);
    const saved = rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
    points.push([value, saved]);
  }
  return { name, points };
}
