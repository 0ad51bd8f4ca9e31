import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { figureText } from '../../reports/figure-text.ts';
import { reportTableCsv } from '../../reports/render-csv.ts';
import { reportHtml } from '../../reports/render-html.ts';
import { reportMarkdown } from '../../reports/render-markdown.ts';
import { reportText } from '../../reports/render-text.ts';
import type { Report } from '../../reports/report.ts';
import { shortArns } from '../../formats/short-arn.ts';
import { chartDrawing, filePalette } from '../../reports/chart-drawing.ts';
import { chartSvg } from '../../reports/chart-svg.ts';
import { printable } from '../../core/printable.ts';
import { hostileTexts } from '../support/hostile-texts.ts';
import { pieces, unbalanced } from '../support/tags.ts';

const source = { analysis: 'key-usage', params: {} };

/** A report whose every text is what an attacker would write. */
function reportOf(text: string): Report {
  return {
    name: 'security',
    title: text,
    range: { from: text, to: text },
    asked: { principal: text },
    headline: [
      { label: text, value: text, unit: text, source, fold: { kind: 'first', column: 'key' } },
    ],
    sections: [
      {
        title: text,
        question: text,
        findings: [text],
        charts: (['columns', 'bars'] as const).map((shape) => ({
          title: text,
          source,
          unit: text,
          shape,
          label_column: text,
          value_column: 'calls',
          points: [
            { label: text, value: 3 },
            { label: `${text}2`, value: 5 },
          ],
          line: { label: text, value: 4 },
        })),
        tables: [
          {
            name: 'table',
            title: text,
            source,
            columns: [
              { name: 'who', label: text, unit: null },
              { name: 'calls', label: 'calls', unit: 'calls' },
            ],
            rows: [{ who: text, calls: 1 }],
            command: `keymeter run key-usage --key ${text}`,
            truncated: true,
          },
        ],
      },
    ],
    notes: [text],
  };
}

describe('hostile text in a report', () => {
  it('is text in HTML: tags stay balanced and the same ones, and the text can be read', () => {
    const plainTags = tagNames(reportHtml(reportOf('plain')));
    for (const text of hostileTexts) {
      const html = reportHtml(reportOf(text));
      const all = pieces(html);
      expect(unbalanced(all), text).toEqual([]);
      expect(tagNames(html), text).toEqual(plainTags);
      const cells = all.filter((piece) => piece.kind === 'text' && piece.text === printable(text));
      expect(cells.length, text).toBeGreaterThanOrEqual(6);
      // eslint-disable-next-line no-control-regex
      expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
    }
  });

  it('is a code span or escaped in Markdown, one line a row', () => {
    const lines = reportMarkdown(reportOf('plain')).split('\n').length;
    for (const text of hostileTexts) {
      const markdown = reportMarkdown(reportOf(text));
      expect(markdown.split('\n').length, text).toBe(lines);
      expect(outsideCode(markdown), text).not.toMatch(/(^|[^\\])<|\]\(|https?:\/\//);
    }
  });

  it('is no formula in CSV', () => {
    for (const text of hostileTexts) {
      const csv = reportTableCsv(reportOf(text), 'table');
      const cell = csv.slice(csv.indexOf('\r\n') + 2);
      expect(cell, text).not.toMatch(/^"?[=+\-@\t]/);
    }
  });

  it('holds no control character on a terminal', () => {
    for (const text of hostileTexts) {
      for (const width of [40, 200]) {
        // oxlint-disable-next-line no-control-regex -- these are what must not be there
        expect(reportText(reportOf(text), width)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
      }
    }
  });
});

/** Elements in order. A drawing has as many lines and labels as its numbers need: what it holds is a set. */
const tagNames = (html: string) => {
  const names = (markup: string) =>
    pieces(markup).flatMap((piece) => (piece.kind === 'open' ? [piece.name] : []));
  const drawings = [...html.matchAll(/<svg [^]*?<\/svg>/g)].map(([svg]) => svg);
  expect(drawings.flatMap(names).filter((name) => !svgTags.has(name))).toEqual([]);
  return names(html.replaceAll(/<svg ([^>]*)>[^]*?<\/svg>/g, '<svg></svg>'));
};
const svgTags = new Set(['svg', 'g', 'defs', 'clippath', 'rect', 'path', 'text', 'clipPath']);

/** What is not in code spans: runs of the same number of backticks hold them. */
function outsideCode(markdown: string): string {
  return markdown
    .split('\n')
    .map((line) => line.replace(/(?<![\\`])(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, 'code'))
    .join('\n');
}

describe('the page of a report', () => {
  const html = reportHtml(reportOf('plain'));
  it('allows its own style by hash, and nothing else', () => {
    const style = /<style>([^]*)<\/style>/.exec(html)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = pieces(html).find(
      (piece) =>
        piece.kind === 'open' && piece.attributes['http-equiv'] === 'Content-Security-Policy',
    );
    expect(policy).toMatchObject({
      attributes: {
        content: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
      },
    });
  });
});

describe('a chart', () => {
  const [columns, bars] = reportOf('plain').sections[0]!.charts;
  /** Sizes of the bars, which are drawn as paths: `M x y l width 0 l 0 height ...`. */
  const marks = (svg: string) =>
    [...svg.matchAll(/d="M[\d. ]+l(-?[\d.]+) 0l0 (-?[\d.]+)l[^"]*Z" fill="#(?!none)/g)].map(
      ([, width, height]) => [Math.abs(Number(width)), Math.abs(Number(height))] as const,
    );
  const drawn = (chart: typeof columns) => marks(chartSvg(chartDrawing(chart!)!, filePalette, 760));

  it('draws columns whose heights are as their values', () => {
    const days = ['2026-10-05', '2026-10-07'].map((label, i) => ({ label, value: 3 + 2 * i }));
    const [first, second] = drawn({ ...columns!, points: days });
    expect(first![1] / second![1]).toBeCloseTo(3 / 5, 1);
  });

  it('draws bars whose widths are as their values', () => {
    const widths = drawn(bars).map(([width]) => width);
    expect(Math.min(...widths) / Math.max(...widths)).toBeCloseTo(3 / 5, 2);
  });

  it('has no script, no style and no attribute of the library in its SVG', () => {
    const svg = chartSvg(chartDrawing(bars!)!, filePalette, 760);
    expect(svg).not.toMatch(/<script|<style| style=| class=|ecmeta|\son\w+=/);
    expect(svg).toContain('aria-label="plain; largest plain2 with 5"');
  });
});

describe('a figure', () => {
  it('is rounded as its unit asks', () => {
    const told = [
      [1234567, 'calls', '1,234,567'],
      [0.251487, 'USD', '0.25'],
      [0.0030488, 'USD', '0.003'],
      [-0.067, 'USD', '-0.07'],
      [81.25, '%', '81.3'],
      [0.88, 'share', '88'],
      [null, 'USD', '–'],
      [true, null, 'yes'],
      ['a\u202eb', null, 'a\\u202eb'],
    ] as const;
    for (const [value, unit, text] of told) expect(figureText(value, unit)).toBe(text);
  });
});

describe('short names of ARNs', () => {
  const key = (id: string) => `arn:aws:kms:eu-west-1:111122223333:key/${id}`;
  it('leave the boilerplate out', () => {
    const one = key('a3cc09a0-5fa5-49ae-a856-1fc255dffc12');
    const role = 'arn:aws:iam::111122223333:role/ci/deployer';
    const names = shortArns([one, role, 'plain']);
    expect(names.get(one)).toBe('111122223333 eu-west-1 key/a3cc09a0…');
    expect(names.get(role)).toBe('111122223333 role/ci/deployer');
    expect(names.has('plain')).toBe(false);
  });

  it('keep keys whole that would read alike', () => {
    const one = key('a3cc09a0-5fa5-49ae-a856-1fc255dffc12');
    const other = key('a3cc09a0-0000-49ae-a856-1fc255dffc12');
    expect(shortArns([one, other]).size).toBe(0);
  });
});
