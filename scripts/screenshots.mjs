// Takes the pictures in docs/img of each page on the demo trail, in light and dark, from the built product.
import path from 'node:path';
import { drawn, openDemo, root } from './demo-server.mjs';

const storm =
  'from=2026-10-17T15:19:45Z&to=2026-10-17T15:20:36Z&account=111122223333&region=us-east-1';
const pictures = [
  ['overview', '/'],
  ['cost', '/cost'],
  ['capacity', '/capacity'],
  [
    'capacity-burst',
    `/capacity?${storm}&at=2026-10-17T15:20:05Z&limit_per_second=200&quota=crypto_symmetric`,
  ],
  ['security', '/security'],
  [
    'investigation',
    '/security?principal=arn%3Aaws%3Aiam%3A%3A777788889999%3Auser%2Fold-automation',
  ],
  ['coverage', '/coverage'],
  ['api-reference', '/docs'],
];

const demo = await openDemo();
for (const colorScheme of ['light', 'dark']) {
  const page = await demo.browser.newPage({
    viewport: { width: 1440, height: 1100 },
    colorScheme,
  });
  for (const [name, address] of pictures) {
    if (colorScheme === 'dark' && name !== 'overview') continue;
    await page.goto(demo.url + address);
    await drawn(page);
    const file = `docs/img/${name}${colorScheme === 'dark' ? '-dark' : ''}.png`;
    await page.screenshot({ path: path.join(root, file) });
    console.log(file);
  }
  await page.close();
}
await demo.close();
