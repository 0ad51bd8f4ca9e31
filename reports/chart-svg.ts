import { BarChart, LineChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  LegendScrollComponent,
  MarkLineComponent,
  TitleComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Drawing, Palette } from '../charts/look.ts';

use([
  BarChart,
  GridComponent,
  LegendComponent,
  LegendScrollComponent,
  LineChart,
  MarkLineComponent,
  SVGRenderer,
  TitleComponent,
]);

const font = 'system-ui, sans-serif';

/** A drawing as an SVG text of its own, without script and without style attributes. */
export function chartSvg(drawing: Drawing, palette: Palette, width: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: drawing.height });
  try {
    const { tooltip: _, dataZoom: __, ...still } = drawing.option({ palette, utc: true, width });
    chart.setOption({
      animation: false,
      color: [...palette.series],
      textStyle: { fontFamily: font, color: palette.text },
      ...still,
    });
    return named(withoutStyles(chart.renderToSVGString()), drawing.label);
  } finally {
    chart.dispose();
  }
}

/** A report's policy allows no style attributes: each declaration becomes an attribute of its name. */
function withoutStyles(svg: string): string {
  return svg
    .replaceAll(/ style="([^"]*)"/g, (_, style: string) =>
      style
        .split(';')
        .map((declaration) => declaration.split(':').map((part) => part.trim()))
        .filter(([name, value]) => name && value && svgAttributes.has(name))
        .map(([name, value]) => ` ${name}="${value}"`)
        .join(''),
    )
    .replaceAll(/<style\b[^]*?<\/style>/g, '')
    .replaceAll(/ (?:class|ecmeta_\w+)="[^"]*"/g, '');
}

const svgAttributes = new Set(['font-size', 'font-family', 'font-weight', 'font-style']);

function named(svg: string, label: string): string {
  const text = label.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
  return svg.replace(
    /^<svg width="\d+" height="\d+"/,
    `<svg role="img" aria-label="${text}" font-family="${font}" font-size="12"`,
  );
}
