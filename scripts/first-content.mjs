// Measures how soon each page on the demo trail shows its first content, its first number and all that
// is in sight, in a browser that has nothing cached, on this machine's CPU and on one slowed down four times.
import { drawn, openDemo } from './demo-server.mjs';

const times = 10;
const pages = ['/', '/capacity', '/cost', '/security', '/coverage'];

const demo = await openDemo();
console.log(
  '| Page | CPU | First content, median (worst) | First number | All in sight | Loaded |',
);
console.log('| --- | --- | ---: | ---: | ---: | ---: |');
for (const slower of [1, 4]) {
  for (const address of pages) {
    const runs = [];
    for (let i = 0; i < times; i++) runs.push(await openOnce(address, slower));
    const column = (name) => runs.map((run) => run[name]).sort((a, b) => a - b);
    const middle = (name) => Math.round(column(name)[times >> 1]);
    const worst = Math.round(column('first_ms').at(-1));
    console.log(
      `| ${address} | ${slower === 1 ? 'full' : `1/${slower}`} | ${middle('first_ms')} ms (${worst} ms) | ${middle('number_ms')} ms | ${middle('all_ms')} ms | ${middle('kb')} KB |`,
    );
  }
}
await demo.close();

async function openOnce(address, slower) {
  const context = await demo.browser.newContext({ viewport: { width: 1440, height: 1000 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  await page.goto(demo.url + address, { waitUntil: 'commit' });
  const number_ms = await page
    .waitForFunction(() => {
      const shown = document.querySelector(
        '.tile[data-state="ready"], section[data-state="ready"], .panel-content table',
      );
      return shown ? performance.now() : 0;
    })
    .then((handle) => handle.jsonValue());
  await drawn(page);
  const measured = await page.evaluate(() => ({
    first_ms: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    all_ms: performance.now(),
    kb:
      [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .map((entry) => entry.transferSize)
        .reduce((sum, size) => sum + size, 0) / 1_000,
  }));
  await context.close();
  return { ...measured, number_ms };
}
