import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConsoleServer } from '../../../client/console/server.ts';
import { CHARTS } from '../../../shared/charts/dashboards.ts';
import { RECORDS_LOGSTORE } from '../../../shared/logstores/records.ts';
import { type Drawn, drawAnswered, register, store } from '../../support/drawn-sessions.ts';
import { World } from '../../support/world.ts';

/** What the console answers, over HTTP, on drawn sessions among rows that nobody of ours wrote. */
const DAY_SECONDS = 86_400;
const SESSIONS = 800;
type Row = Record<string, string>;

/** Labels that no registration lets through, but that another writer may leave in a record. */
const ODD_LABELS = ['not json', '[1,2]', '"text"', '{"nested":{"a":1}}', '{"empty":null}', 'null'];

describe('the console over HTTP', () => {
  const nowMs = Date.now();
  let world: World;
  let server: Awaited<ReturnType<typeof createConsoleServer>>;
  let drawn: Drawn[];

  beforeAll(async () => {
    world = await World.open({ clock: () => nowMs });
    drawn = drawAnswered(77, SESSIONS, nowMs);
    await register(world, drawn, nowMs);
    await store(
      world,
      drawn.map(({ final }) => final),
      nowMs,
    );
    await world.client.putLogs(
      RECORDS_LOGSTORE,
      ODD_LABELS.map((labels, index) => oddRow(`odd${index}`, labels, Math.floor(nowMs / 1_000))),
    );
    // A day and an hour ago: in the day before, and not in the week before.
    await world.client.putLogs(
      RECORDS_LOGSTORE,
      Array.from({ length: 7 }, (_, index) =>
        oddRow(`before${index}`, '{}', Math.floor(nowMs / 1_000) - DAY_SECONDS - 3_600),
      ),
    );
    server = await createConsoleServer({
      port: 0,
      sls: world.client,
      slsUrl: world.sls.url,
      lookupUrl: 'http://127.0.0.1:9/',
      lookupHeaders: {},
      pageDir: 'dist/console',
      now: () => nowMs,
    });
  });

  afterAll(async () => {
    await server?.close();
    await world?.close();
  });

  function oddRow(id: string, labels: string, timeSeconds: number) {
    const fields = {
      transaction_id: id,
      revision: id,
      view_key: `3${nowMs}${id}`,
      final: 'true',
      disposition: 'answered',
      journey: 'interrupted',
      stage: 'unknown:<b>&\'"',
      cause: 'something new',
      labels,
    };
    return { timeSeconds, contents: Object.entries(fields) };
  }

  async function ask(path: string, parameters: Record<string, string> = {}) {
    const to = Math.floor(nowMs / 1_000) + 60;
    const query = new URLSearchParams({ from: String(to - DAY_SECONDS), to: String(to), ...parameters });
    const response = await fetch(`${server.url}${path}?${query}`);
    return { status: response.status, body: (await response.json()) as { rows: Row[]; error?: string } };
  }

  it('finds the rejected by their cause, who came to the end and so stand behind no bar of leavers', async () => {
    const rejected = drawn.filter(
      ({ session: { truth } }) => truth.journey === 'finished' && truth.passed === false,
    );
    expect(rejected.length).toBeGreaterThan(0);
    const { body } = await ask('/api/transactions', { field: 'cause', value: 'rejected' });
    expect(body.rows.map((row) => row['transaction_id']).sort()).toEqual(
      rejected.map(({ session }) => session.transactionId).sort(),
    );
    const leavers = await ask('/api/transactions', {
      field: 'cause',
      value: 'rejected',
      within: 'interrupted',
    });
    expect(leavers.body.rows).toEqual([]);
  });

  it('narrows the ledger to the transactions that were registered with a label', async () => {
    const registered = async (parameters: Record<string, string>) => {
      const { body } = await ask('/api/charts/ledger', parameters);
      return Number(body.rows.find(({ entry }) => entry === 'registered')?.['n']);
    };
    const ios = drawn.filter(({ session }) => session.labels['platform'] === 'ios').length;
    expect(ios).toBeGreaterThan(0);
    expect(ios).toBeLessThan(SESSIONS);
    expect(await registered({})).toBe(SESSIONS);
    expect(await registered({ 'label.platform': 'ios' })).toBe(ios);
  });

  it.each([
    ['where-stage', 'stage', 'stage', 'lost'],
    ['why-cause', 'cause', 'cause', 'lost'],
    ['where-page', 'page', 'interrupt_page', 'lost'],
    ['permission-outcomes', 'permission_outcome', 'permission_outcome', 'n'],
    ['contradictions', 'contradiction', 'contradictions', 'n'],
  ])('shows as many transactions behind a bar of %s as the bar counts', async (id, column, field, count) => {
    const drill = CHARTS.find((chart) => chart.id === id)?.drill;
    expect(drill).toMatchObject({ column, field });
    const { body } = await ask(`/api/charts/${id}`);
    expect(body.rows.length).toBeGreaterThan(0);
    for (const row of body.rows) {
      const behind = await ask('/api/transactions', {
        field,
        value: row[column] ?? '',
        ...(drill?.within === undefined ? {} : { within: drill.within.join() }),
      });
      expect(`${row[column]}: ${behind.status} ${behind.body.rows?.length ?? behind.body.error}`).toBe(
        `${row[column]}: 200 ${Math.min(200, Number(row[count]))}`,
      );
    }
  });

  it('shows who left on a page behind a bar of the funnel, and all it counts behind the others', async () => {
    const { body } = await ask('/api/charts/funnel');
    expect(body.rows.map(({ stage }) => stage)).toEqual(expect.arrayContaining(['ALL', 'FACE', 'unknown']));
    for (const { stage = '', entered = '', left_here: left = '' } of body.rows) {
      const count = Number(left === 'null' ? entered : left);
      const behind = await ask('/api/transactions', { field: 'stage', value: stage, within: 'interrupted' });
      expect(`${stage}: ${behind.body.rows.length}`).toBe(`${stage}: ${Math.min(200, count)}`);
    }
  });

  it.each(['breakdown', 'factors', 'funnel-by-solution', 'headline-opened'])(
    '%s stands labels that are not an object of texts',
    async (id) => {
      const { status, body } = await ask(`/api/charts/${id}`);
      expect(`${status} ${body.error ?? ''}`).toBe('200 ');
      expect(body.rows.length).toBeGreaterThan(0);
    },
  );

  it('lists the labels in spite of them', async () => {
    const { status, body } = await ask('/api/labels');
    expect(status).toBe(200);
    expect(new Set(body.rows.map(({ label }) => label))).toContain('platform');
  });

  it('lists the labels of the record that counts, not of another row of the transaction', async () => {
    const at = Math.floor(nowMs / 1_000);
    const row = (viewKey: string, labels: string) => {
      const { timeSeconds, contents } = oddRow('twice', labels, at);
      return {
        timeSeconds,
        contents: contents.map(([key, value]) => [key, key === 'view_key' ? viewKey : value] as const),
      };
    };
    await world.client.putLogs(RECORDS_LOGSTORE, [
      row('301', '{"zone":"older"}'),
      row('311', '{"area":"newer"}'),
    ]);
    const { body } = await ask('/api/labels');
    const values = body.rows.map(({ label, value }) => `${label} ${value}`);
    expect(values).toContain('area newer');
    expect(values).not.toContain('zone older');
  });

  it('compares the figures with the period before of the same length', async () => {
    const [day] = (await ask('/api/charts/headline-interrupted')).body.rows;
    expect(Number(day?.['before'])).toBe(7);
    const to = Math.floor(nowMs / 1_000) + 60;
    const week = await ask('/api/charts/headline-interrupted', { from: String(to - 7 * DAY_SECONDS) });
    expect(Number(week.body.rows[0]?.['before'])).toBe(0);
    expect(Number(week.body.rows[0]?.['value'])).toBe(Number(day?.['value']) + 7);
  });

  it.each([
    ['another host', 'http://evil.example', 403],
    ['another port of this machine', 'http://127.0.0.1:1', 403],
    ['nowhere', 'null', 403],
  ])('takes no order from a page of %s', async (_, origin, status) => {
    const response = await fetch(`${server.url}/api/lookup`, {
      method: 'POST',
      headers: { origin },
      body: '{"transactionId":"a b"}',
    });
    expect(response.status).toBe(status);
    const own = await fetch(`${server.url}/api/lookup`, {
      method: 'POST',
      headers: { origin: server.url },
      body: '{"transactionId":"a b"}',
    });
    expect(own.status).toBe(400);
  });

  it('answers a request line that is no address with 400', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('GET http://[ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
      );
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk;
      });
      socket.on('end', () => resolve(heard));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('shows a row of the queue that could not be read, by its place', async () => {
    const id = 'row:0|MTc5NTQyNDM2MA==|12';
    await world.client.putLogs(RECORDS_LOGSTORE, [
      oddRow(id, '{}', Math.floor(nowMs / 1_000)),
      oddRow('row:0|MTc5NTQyNDM2MA==|13', '{}', Math.floor(nowMs / 1_000)),
    ]);
    const response = await fetch(`${server.url}/api/transactions/${encodeURIComponent(id)}`);
    const { records } = (await response.json()) as { records: Row[] };
    expect(records.map((record) => record['transaction_id'])).toEqual([id]);
  });

  it('looks for a transaction in all that is kept, whatever time the charts show', async () => {
    const id = 'five-days-ago';
    const recorded = Math.floor(nowMs / 1_000) - 5 * DAY_SECONDS;
    await world.client.putLogs(RECORDS_LOGSTORE, [oddRow(id, '{}', recorded)]);
    const { body } = await ask(`/api/transactions/${id}`);
    expect(body).toMatchObject({ records: [{ transaction_id: id }] });
  });
});
