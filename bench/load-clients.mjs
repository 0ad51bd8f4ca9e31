import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { overviewQueries } from '../dist/api/warm-overview.js';
import { Rng } from '../.cache/bench/demo/rng.js';

const sum = (rows, column) => rows.reduce((total, row) => total + Number(row[column]), 0);

/** How many calls there are, as the answers of these analyses tell it when nothing narrows them. */
const totals = {
  'call-rates': (rows) => sum(rows, 'calls'),
  'key-usage': (rows) => sum(rows, 'calls'),
  'principal-usage': (rows) => sum(rows, 'calls'),
  'service-usage': (rows) => sum(rows, 'calls'),
  'quota-utilisation': (rows) => sum(rows, 'offered_calls'),
  'request-cost': (rows) => {
    const groups = rows.filter((row) => row.row_kind === 'group');
    return (
      sum(groups, 'calls_priced') + sum(groups, 'calls_unpriced') + sum(groups, 'calls_failed')
    );
  },
};

/** Out of 100 requests. */
const mix = [
  [40, 'overview'],
  [15, 'key'],
  [10, 'principal'],
  [10, 'ledger'],
  [10, 'status'],
  [5, 'health'],
  [4, 'runs'],
  [5, 'event'],
  [1, 'event by id'],
];

/**
 * Clients in a closed loop: each has one request at a time, and waits until its next one is due, so that
 * all requests are spread over `spread_s`. Every answer is checked.
 */
export class LoadClients {
  faults = [];
  statuses = new Map();
  /** Milliseconds by kind of request. */
  latencies = new Map();
  in_ingest = 0;
  older = 0;
  /** Calls in all that answers of each version of the data told, and who told them. */
  versions = new Map();
  #settings;
  #agent;
  #url;
  #keys = [];
  #principals = [];
  #places = [];
  #cursor = '';
  #ended = false;
  #started = 0;
  elapsed_s = 0;

  constructor(settings) {
    this.#settings = settings;
    this.#agent = new Agent({ keepAlive: true, maxSockets: settings.clients });
  }

  async start(url) {
    this.#url = new URL(url);
    this.#started = performance.now();
    const { clients } = this.#settings;
    await Promise.all(Array.from({ length: clients }, (_, number) => this.#client(number)));
    this.elapsed_s = (performance.now() - this.#started) / 1_000;
    this.#agent.destroy();
    this.#checkVersions();
  }

  /** What is answered from now on was not answered while the ingest ran. */
  ingestEnded() {
    this.#ended = true;
  }

  summary() {
    const all = [...this.latencies.values()].flat();
    return {
      requests: all.length,
      in_ingest: this.in_ingest,
      older: this.older,
      versions: this.versions.size,
      statuses: Object.fromEntries(this.statuses),
      faults: this.faults.length,
      first_faults: this.faults.slice(0, 5),
      p50_ms: quantile(all, 0.5),
      p99_ms: quantile(all, 0.99),
      max_ms: quantile(all, 1),
    };
  }

  async #client(number) {
    const { clients, requests, spread_s, seed } = this.#settings;
    const rng = new Rng(1 + seed * 1_000 + number);
    const own = Math.floor(requests / clients) + (number < requests % clients ? 1 : 0);
    for (let i = 0; i < own; i++) {
      const due_ms = ((i + number / clients) / own) * spread_s * 1_000;
      const wait_ms = due_ms - (performance.now() - this.#started);
      if (wait_ms > 0) await sleep(wait_ms);
      const [kind, address] = this.#choose(rng);
      await this.#ask(kind, address);
    }
  }

  #choose(rng) {
    let left = rng.between(0, 99);
    const kind = mix.find(([share]) => (left -= share) < 0)[1];
    const some = (list) => list[rng.between(0, list.length - 1)];
    const key = some(this.#keys);
    const principal = some(this.#principals);
    const place = some(this.#places);
    if (kind === 'key' && key) {
      const name = rng.between(0, 1) ? 'key-usage?' : 'call-rates?bin=hour&';
      return [kind, `analyses/${name}key=${encodeURIComponent(key)}`];
    }
    if (kind === 'principal' && principal) {
      return [kind, `analyses/key-usage?principal=${encodeURIComponent(principal)}`];
    }
    if (kind === 'ledger') return [kind, `ledger?limit=100${this.#cursor}`];
    if (kind === 'status') return [kind, 'ingest/status'];
    if (kind === 'health' || kind === 'runs') return [kind, kind];
    if (kind === 'event' && place) {
      return [kind, `event?object_id=${place.object_id}&record_index=${rng.between(0, 99)}`];
    }
    if (kind === 'event by id' && place?.event_id)
      return [kind, `event?event_id=${place.event_id}`];
    const more = ['principal-usage?limit=10000', 'call-rates?bin=hour&by=key&limit=100000'];
    return ['overview', `analyses/${some([...overviewQueries, ...more])}`];
  }

  async #ask(kind, address) {
    const started = performance.now();
    const during = !this.#ended;
    let answer;
    try {
      answer = await this.#get(`/api/v1/${address}`);
    } catch (error) {
      this.statuses.set('broken', (this.statuses.get('broken') ?? 0) + 1);
      this.faults.push(`${address}: ${error.message}`);
      return;
    }
    if (during) this.in_ingest++;
    const took = performance.now() - started;
    const of = this.latencies.get(kind) ?? [];
    of.push(took);
    this.latencies.set(kind, of);
    const { status, headers, text } = answer;
    const counted = during ? status : `${status} after the ingest`;
    this.statuses.set(counted, (this.statuses.get(counted) ?? 0) + 1);
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      this.faults.push(`${address}: torn JSON of ${text.length} characters`);
      return;
    }
    if (status !== 200) {
      // An honest refusal says when to ask again; it is counted by its status.
      const honest = [202, 429, 503].includes(status) && headers['retry-after'] !== undefined;
      if (!honest) this.faults.push(`${address}: ${counted}: ${body.detail}`);
      return;
    }
    this.#check(kind, address, headers, body);
  }

  #check(kind, address, headers, body) {
    if (address.startsWith('analyses/')) this.#checkAnalysis(kind, address, headers, body);
    else if (kind === 'ledger') {
      this.#cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`;
      for (const row of body.rows) {
        const whole = row.non_kms + row.inserted + row.duplicate + row.rejected;
        if (whole !== row.records_total || row.inserted !== this.#settings.recordsPerFile) {
          this.faults.push(`${address}: object ${row.key} is not whole`);
        }
        if (this.#places.length < 500) this.#places.push({ object_id: row.object_id });
      }
    } else if (kind.startsWith('event')) {
      const { object_id, event_id } = body.event;
      if (!address.includes(object_id) && !address.includes(event_id)) {
        this.faults.push(`${address}: another event`);
      }
      const place = this.#places.find((known) => known.object_id === object_id);
      if (place) place.event_id = event_id;
    }
  }

  #checkAnalysis(kind, address, headers, body) {
    const { analysis, rows, data_version } = body;
    if (headers['x-data-version'] !== data_version) this.faults.push(`${address}: two versions`);
    if (headers['age'] !== undefined) this.older++;
    if (analysis === 'key-usage' && kind === 'overview') this.#keys = rows.map((row) => row.key);
    if (analysis === 'principal-usage') this.#principals = rows.map((row) => row.principal_arn);
    if (kind !== 'overview' || !totals[analysis] || body.truncated) return;
    const calls = totals[analysis](rows);
    if (calls % this.#settings.recordsPerFile !== 0) {
      this.faults.push(`${address}: ${calls} calls: part of a log file`);
    }
    const told = this.versions.get(data_version) ?? new Map();
    told.set(calls, `${told.get(calls) ?? ''} ${address}`);
    this.versions.set(data_version, told);
  }

  /** All answers of one version tell the same calls, and a later version has no fewer. */
  #checkVersions() {
    let before = 0;
    for (const [version, told] of [...this.versions].sort(([a], [b]) => a - b)) {
      if (told.size > 1) {
        this.faults.push(`version ${version}: ${JSON.stringify(Object.fromEntries(told))}`);
      }
      const calls = Math.min(...told.keys());
      if (calls < before)
        this.faults.push(`version ${version}: calls went from ${before} to ${calls}`);
      before = calls;
    }
  }

  #get(address) {
    const { hostname, port } = this.#url;
    return new Promise((resolve, reject) => {
      get({ host: hostname, port, path: address, agent: this.#agent }, (response) => {
        const parts = [];
        response
          .on('data', (part) => parts.push(part))
          .on('error', reject)
          .on('end', () => {
            if (!response.complete) return reject(new Error('the answer was broken off'));
            const { statusCode: status, headers } = response;
            resolve({ status, headers, text: Buffer.concat(parts).toString() });
          });
      }).on('error', reject);
    });
  }
}

/** Nearest rank. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0) * 10) / 10;
}
