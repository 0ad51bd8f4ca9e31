import type { EChartsCoreOption, EChartsType } from 'echarts/core';
import { h } from '../dom.ts';

export type Option = EChartsCoreOption;

export interface ChartOptions {
  option: Option;
  /** What the chart says, in words, for those who can't see it. */
  label: string;
  height?: 'low' | 'high' | number;
  /** Called with the name and value of what was clicked. */
  onclick?: (target: ChartTarget) => void;
  /** Called with the zoomed part of the x axis, as instants, when the reader stops zooming. */
  onzoom?: (from_ms: number, to_ms: number) => void;
}

export interface ChartTarget {
  name: string;
  seriesName: string;
  value: unknown;
  data: unknown;
}

const live = new Map<HTMLElement, EChartsType>();

/** Charts of a page that is gone give their memory back. */
export function dropCharts(): void {
  for (const [element, chart] of live) {
    if (element.isConnected) continue;
    chart.dispose();
    live.delete(element);
  }
}

const resized = new ResizeObserver((entries) => {
  for (const entry of entries) live.get(entry.target as HTMLElement)?.resize();
});

/** Colours of the page's theme, so that charts follow light and dark. */
export function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text'),
    muted: colour('muted'),
    line: colour('line'),
    panel: colour('panel'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => colour(`series-${i}`)),
    good: colour('good'),
    warn: colour('warn'),
    bad: colour('bad'),
    low: colour('heat-low'),
  };
}

/** An element that becomes a chart when the library is there. */
export function chart(options: ChartOptions): HTMLElement {
  const { height = 'low' } = options;
  const element = h('div', {
    class: `chart ${typeof height === 'string' ? height : ''}`,
    role: 'img',
    'aria-label': options.label,
  });
  if (typeof height === 'number') element.style.height = `${height}px`;
  void draw(element, options);
  return element;
}

async function draw(element: HTMLElement, options: ChartOptions): Promise<void> {
  const { init } = await import('./echarts.ts');
  if (!element.isConnected) return;
  const colours = theme();
  const made = init(element, null, { renderer: 'canvas' });
  live.set(element, made);
  resized.observe(element);
  made.setOption({
    animation: false,
    color: colours.series,
    textStyle: { fontFamily: 'system-ui, sans-serif', color: colours.text },
    ...options.option,
  });
  element.dataset['drawn'] = 'true';
  const { onclick, onzoom } = options;
  if (onclick) made.on('click', (target) => onclick(target as unknown as ChartTarget));
  if (onzoom) watchZoom(made, onzoom);
}

const settle_ms = 350;

function watchZoom(made: EChartsType, onzoom: (from_ms: number, to_ms: number) => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  made.on('datazoom', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const option = made.getOption() as {
        dataZoom?: { startValue?: number; endValue?: number }[];
      };
      const zoom = option.dataZoom?.[0];
      if (typeof zoom?.startValue === 'number' && typeof zoom.endValue === 'number') {
        onzoom(zoom.startValue, zoom.endValue);
      }
    }, settle_ms);
  });
}

/** Tooltips are drawn on the canvas: as HTML they would parse what attackers wrote. */
export function tooltip(formatter?: (parameters: unknown) => string, trigger = 'item') {
  const colours = theme();
  return {
    trigger,
    renderMode: 'richText',
    confine: true,
    backgroundColor: colours.panel,
    borderColor: colours.line,
    textStyle: { color: colours.text, fontSize: 12 },
    ...(formatter ? { formatter } : {}),
  };
}

export function axis(more: Record<string, unknown> = {}) {
  const colours = theme();
  return {
    axisLabel: { color: colours.muted },
    axisLine: { lineStyle: { color: colours.line } },
    splitLine: { lineStyle: { color: colours.line, opacity: 0.6 } },
    nameTextStyle: { color: colours.muted },
    ...more,
  };
}

/** Braces start styles in rich text; a full-width look-alike keeps a log's text as it is read. */
export function plain(text: string): string {
  return text.replaceAll('{', '｛').replaceAll('|', '｜');
}
