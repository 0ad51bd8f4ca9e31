import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Engine } from '../../store/engine.ts';
import { event, withEvents } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

test('the overview is ready before anyone asks, and asking costs no query', async () => {
  const dashboards = mkdtempSync(path.join(tmpdir(), 'keymeter-warm-'));
  await withEvents([event()], async (engine) => {
    const ran: string[] = [];
    let running = 0;
    const counting: Engine = {
      rows: (sql, params, options) => {
        ran.push(sql);
        running += 1;
        return engine.rows(sql, params, options).finally(() => (running -= 1));
      },
      stream: (...all) => engine.stream(...all),
      dataVersion: () => engine.dataVersion(),
    };
    await withServer(
      counting,
      async ({ port }) => {
        let quiet = 0;
        for (let before = -1; quiet < 8; before = ran.length) {
          quiet = ran.length > 5 && ran.length === before && running === 0 ? quiet + 1 : 0;
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        expect(ran.length).toBeGreaterThan(5);
        const before = ran.length;
        const answer = await rawRequest(port, '/api/v1/analyses/log-totals');
        expect(answer.json().rows).toHaveLength(1);
        expect(ran.length).toBe(before);
      },
      { dashboards },
    );
  });
  rmSync(dashboards, { recursive: true });
});
