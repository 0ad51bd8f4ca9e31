import type { EChartsType } from 'echarts/core';
import type { Drawing, Look } from '../../../charts/look.ts';
import { h } from '../dom.ts';
import { state } from '../state.ts';

export interface ChartTarget {
  name: string;
  value: unknown;
  data: unknown;
  dataIndex: number;
}

export interface ChartOptions {
  onclick?: ((target: ChartTarget) => void) | undefined;
  /** Called with the zoomed part of the x axis, as instants, when the reader stops zooming. */
  onzoom?: ((from_ms: number, to_ms: number) => void) | undefined;
}

const live = new Map<HTMLElement, { chart: EChartsType; drawing: Drawing; width: number }>();

/** Charts of a page that is gone give their memory back. */
export function dropCharts(): void {
  for (const [element, { chart }] of live) {
    if (element.isConnected) continue;
    chart.dispose();
    live.delete(element);
    resized.unobserve(element);
  }
}

const resized = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const drawn = live.get(entry.target as HTMLElement);
    if (!drawn) continue;
    const width = Math.round(entry.contentRect.width);
    if (width === 0 || width === drawn.width) continue;
    drawn.width = width;
    drawn.chart.resize();
    show(drawn.chart, drawn.drawing, width);
  }
});

function show(chart: EChartsType, drawing: Drawing, width: number): void {
  const look = lookOf(width);
  chart.setOption(
    {
      animation: false,
      color: [...look.palette.series],
      textStyle: { fontFamily: 'system-ui, sans-serif', color: look.palette.text },
      ...drawing.option(look),
    },
    true,
  );
}

/** Colours of the page's theme, so that charts follow light and dark. */
function lookOf(width: number): Look {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    utc: state().zone === 'utc',
    width,
    palette: {
      text: colour('text'),
      muted: colour('muted'),
      line: colour('line'),
      panel: colour('panel'),
      series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => colour(`series-${i}`)),
      good: colour('good'),
      warn: colour('warn'),
      bad: colour('bad'),
      heatLow: colour('heat-low'),
      heatHigh: colour('heat-high'),
    },
  };
}

/** An element that becomes a chart when the library is there. */
export function chart(drawing: Drawing, options: ChartOptions = {}): HTMLElement {
  const element = h('div', { class: 'chart', role: 'img', 'aria-label': drawing.label });
  element.style.height = `${drawing.height}px`;
  void draw(element, drawing, options);
  return element;
}

async function draw(element: HTMLElement, drawing: Drawing, options: ChartOptions): Promise<void> {
  const { init } = await import('./echarts.ts');
  if (!element.isConnected) return;
  const made = init(element, null, { renderer: 'canvas' });
  const width = element.clientWidth;
  live.set(element, { chart: made, drawing, width });
  show(made, drawing, width);
  resized.observe(element);
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

/** A chart that can show its values on a logarithmic scale, so that one outlier does not flatten the rest. */
export function scaledChart(
  make: (log: boolean) => Drawing | undefined,
  options: ChartOptions = {},
): HTMLElement | undefined {
  const drawing = make(false);
  if (!drawing) return undefined;
  const place = h('div', {}, chart(drawing, options));
  const box = h('input', {
    type: 'checkbox',
    onchange: () => {
      const scaled = make(box.checked);
      if (scaled) place.replaceChildren(chart(scaled, options));
      dropCharts();
    },
  });
  return h('div', {}, h('label', { class: 'scale' }, box, 'Logarithmic scale'), place);
}
