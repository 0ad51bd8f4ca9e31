/** The look of an HTML report: light and dark by the reader's setting, plain when printed. */
export const reportCss = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #5a6572; --edge: #d5dae0;
  --limit: #b3261e; --head: #f3f5f7; --good: #15803d; --warn: #b45309; --series-1: #1d6fb8;
  --series-2: #c2570c; --series-3: #15803d; --series-4: #7c3aed; --series-5: #be185d;
  --series-6: #0e7490; --series-7: #a16207; --series-8: #4b5563; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e7ebf0; --soft: #9aa6b2;
  --edge: #323a44; --limit: #ff8a80; --head: #1c222a; --good: #4ade80; --warn: #fbbf24; --series-1: #60a5fa;
  --series-2: #fb923c; --series-3: #4ade80; --series-4: #a78bfa; --series-5: #f472b6;
  --series-6: #22d3ee; --series-7: #facc15; --series-8: #9ca3af; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.2rem; border-top: 1px solid var(--edge); padding-top: 1rem; }
h3 { margin: 1.25rem 0 .4rem; font-size: 1rem; }
p { margin: .25rem 0 .75rem; }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
dl div { border: 1px solid var(--edge); border-radius: .4rem; padding: .6rem .75rem; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
dt { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; min-width: 40%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--edge); }
th { background: var(--head); font-weight: 600; }
td { overflow-wrap: break-word; min-width: 5rem; max-width: 24rem; }
td.long { min-width: 11rem; overflow-wrap: anywhere; }
.led td { border-bottom: 0; padding-bottom: 0; }
.under td { color: var(--soft); font-size: .78rem; max-width: none; overflow-wrap: anywhere; padding-top: .1rem; }
.under b { font-weight: 500; color: var(--ink); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0; }
td.instant { white-space: nowrap; }
code { font: .8rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
figcaption { color: var(--soft); font-size: .85rem; margin-bottom: .25rem; }
svg { width: 100%; max-width: 48rem; height: auto; }
@page { size: A4; margin: 14mm 12mm; }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --edge: #bbb; --limit: #b3261e; --head: #eee; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3, figcaption { break-after: avoid; } tr, figure, dl div { break-inside: avoid; } thead { display: table-header-group; }
  .wide { overflow: visible; } table { font-size: 8pt; width: 100%; } th, td { padding: .15rem .35rem; }
  td, td.long { min-width: 0; overflow-wrap: anywhere; } td.long { min-width: 6rem; } tr.led { break-after: avoid; } code { font-size: 7pt; } }
`;
