import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { allChartsDrawn, openBrowser } from '../support/browser.ts';
import { type RunningCloud, startLocalCloud } from '../support/local-cloud.ts';
import { until } from '../support/until.ts';

/** The console where something is in the way: a service that is down, an unknown id, a small screen, another light. */
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const SIZES = [
  ['desktop', DESKTOP],
  ['phone', PHONE],
] as const;
const UNKNOWN_ID = 'f00000000000000000000000000000ff';

/** What the functions below use of the page they run in: the tests themselves know no DOM. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
interface Part {
  readonly textContent: string | null;
  readonly scrollHeight: number;
  readonly clientHeight: number;
  getBoundingClientRect(): Box;
  closest(selector: string): Part | null;
  getAttribute(name: string): string | null;
}
declare const document: {
  querySelector(selector: string): Part | null;
  querySelectorAll(selector: string): Iterable<Part>;
  readonly documentElement: Part;
};
declare function getComputedStyle(part: Part): {
  readonly fill: string;
  readonly color: string;
  getPropertyValue(name: string): string;
};

/** Texts of drawings that stand outside their drawing or are cut short. */
function cutTexts(): string[] {
  return [...document.querySelectorAll('.drawing svg text')].flatMap((text) => {
    const own = text.getBoundingClientRect();
    const svg = text.closest('svg')?.getBoundingClientRect();
    const words = text.textContent ?? '';
    const outside =
      svg === undefined ||
      own.left < svg.left - 1 ||
      own.right > svg.right + 1 ||
      own.top < svg.top - 1 ||
      own.bottom > svg.bottom + 1;
    const chart = text.closest('[data-chart]')?.getAttribute('data-chart');
    return outside || /…|\.\.\.$/.test(words) ? [`${chart}: ${words}`] : [];
  });
}

/** The colours of the words in drawings. */
function inks(): string[] {
  return [
    ...new Set(
      [...document.querySelectorAll('.drawing svg text')].map((text) => getComputedStyle(text).fill),
    ),
  ];
}

/** Places with more in them than can be seen. */
function folds(): string[] {
  return [...document.querySelectorAll('main .scroll')]
    .filter(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight + 1)
    .map((part) => part.getAttribute('aria-label') ?? '');
}

describe('the console in trouble', () => {
  let cloud: RunningCloud;
  let browser: Browser;
  let url: string;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    cloud = await startLocalCloud({
      transactions: 300,
      env: { QPS_LIMIT: '400' },
      until: /Ctrl-C stops it/,
    });
    url = `http://127.0.0.1:${cloud.port + 3}`;
    browser = await openBrowser();
  });

  afterEach(async () => {
    await failQueries();
    for (const context of contexts.splice(0)) await context.close();
  });

  afterAll(async () => {
    await browser?.close();
    await cloud?.stop();
  });

  async function open(
    place: string,
    viewport: { width: number; height: number } = DESKTOP,
    locale = 'en-GB',
  ) {
    const context = await browser.newContext({ viewport, locale, colorScheme: 'light' });
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(`${url}/${place}`);
    return page;
  }

  async function openDrawn(
    place: string,
    viewport: { width: number; height: number } = DESKTOP,
    locale = 'en-GB',
  ) {
    const page = await open(place, viewport, locale);
    await ready(page);
    return page;
  }

  const ready = (page: Page) => page.waitForFunction(allChartsDrawn, undefined, { timeout: 60_000 });
  const chart = (page: Page, id: string): Locator => page.locator(`[data-chart="${id}"]`);

  /** Without an answer: no more failures. */
  async function failQueries(answer?: string, more: Record<string, unknown> = {}) {
    const rules = answer === undefined ? [] : [{ action: 'GetLogsV2', logstore: '*', answer, ...more }];
    const response = await fetch(`http://127.0.0.1:${cloud.port + 1}/_control`, {
      method: 'POST',
      body: JSON.stringify({ fail: rules }),
    });
    expect(response.status).toBe(200);
  }

  async function lookUp(page: Page, id: string) {
    await page.fill('#lookup-id', id);
    await page.keyboard.press('Enter');
  }

  it.each(SIZES)('says what the service answered about an unknown id, on a %s', async (_, size) => {
    const page = await openDrawn('#/idv-operations', size);
    await lookUp(page, UNKNOWN_ID);
    await page.waitForSelector(`h1:has-text("${UNKNOWN_ID}")`);
    const said = (await page.locator('main').textContent()) ?? '';
    expect(said).not.toContain('Look it up');
    expect(said).toContain('The service was asked just now');
    expect(said).toContain('404');
    // Of another one, that nobody asked about, it still says what can be done.
    await page.goto(`${url}/#/transactions/${UNKNOWN_ID.replace('f0', 'e0')}`);
    await page.waitForSelector('main:has-text("Look it up")');
  });

  it('names the log store when it is down, and draws the charts on the next try', async () => {
    const page = await openDrawn('#/idv-operations');
    await failQueries('reset');
    await page.click('#controls button:has-text("Reload")');
    const alert = page.locator('main [role="alert"]');
    await alert.waitFor();
    const said = (await alert.textContent()) ?? '';
    expect(said).toContain('SLS');
    expect(said).toContain(`http://127.0.0.1:${cloud.port + 1}`);
    expect(said).toContain('npm start');
    await failQueries();
    await page.locator('main').getByRole('button', { name: 'Try again' }).click();
    await ready(page);
    expect(await page.locator('main [role="alert"]').count()).toBe(0);
    expect(await page.locator('.drawing svg').count()).toBeGreaterThan(0);
  });

  it('says in its own language which chart failed, and tries that one again', async () => {
    const page = await openDrawn('#/idv-operations', PHONE, 'zh-CN');
    // The labels come first, then the charts: these two logstores are read by charts alone.
    await failQueries('reset', { logstore: 'idv-sweeps' });
    await page.click('#controls button:has-text("刷新")');
    const failed = chart(page, 'pace');
    await failed.locator('[role="alert"]').waitFor();
    expect(await failed.locator('[role="alert"]').textContent()).toMatch(/日志服务.*npm start/);
    expect(await chart(page, 'ledger').locator('svg').count()).toBe(1);
    await failQueries();
    await failed.getByRole('button', { name: '重试' }).click();
    await failed.locator('svg').waitFor();
  });

  it('says that its own server is gone, instead of nothing', async () => {
    const page = await openDrawn('#/idv-operations');
    await page.route('**/api/**', (route) => route.abort('connectionrefused'));
    await page.click('#controls button:has-text("Reload")');
    const alert = page.locator('main [role="alert"]');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('npm start');
    await page.unroute('**/api/**');
    await page.locator('main').getByRole('button', { name: 'Try again' }).click();
    await ready(page);
  });

  it('comes up by itself again where its server was gone from the start', async () => {
    const page = await open('#/idv-operations');
    await page.route('**/api/dashboards', (route) => route.abort('connectionrefused'));
    await page.reload();
    await page.locator('main [role="alert"]').waitFor();
    await page.unroute('**/api/dashboards');
    await page.getByRole('button', { name: 'Try again' }).click();
    await ready(page);
    expect(await page.locator('h1').textContent()).toBe('Operations');
  });

  it('looks up again on request where that may help, and does not offer it for what is refused', async () => {
    const page = await openDrawn('#/idv-operations');
    await page.route('**/api/lookup', (route) => route.abort('connectionrefused'));
    await lookUp(page, 'hksb7ba1b28130d24e015d694361bee4');
    const message = page.locator('#message');
    await message.waitFor();
    expect(await message.textContent()).toContain('npm start');
    await page.unroute('**/api/lookup');
    await message.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('.story');
    await lookUp(page, '<img src=x>');
    await page.waitForSelector('#message:has-text("transactionId")');
    expect(await message.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });

  it('gives up on a server that never answers', async () => {
    const page = await openDrawn('#/idv-operations');
    await page.clock.install();
    await page.route('**/api/**', () => {});
    await page.click('#controls button:has-text("Reload")');
    await page.waitForSelector('main[aria-busy="true"]');
    await page.clock.fastForward(61_000);
    await page.locator('main [role="alert"]').waitFor();
  });

  it.each(SIZES)('draws its words in the ink of the colours that are on, on a %s', async (_, size) => {
    const page = await openDrawn('#/idv-drop-off', size);
    expect(await page.evaluate(inks)).toEqual(['rgb(27, 36, 48)']);
    // The charts are drawn anew once the page has seen the change, which is not at the same moment.
    const becomes = (ink: string) =>
      until(async () => isDeepStrictEqual(await page.evaluate(inks), [ink]), 50);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForFunction("getComputedStyle(document.body).backgroundColor === 'rgb(18, 23, 29)'");
    await becomes('rgb(232, 237, 242)');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.waitForFunction("getComputedStyle(document.body).backgroundColor === 'rgb(244, 246, 248)'");
    await becomes('rgb(27, 36, 48)');
  });

  it.each(
    SIZES.flatMap(([name, size]) =>
      ['en-GB', 'zh-CN'].flatMap((locale) =>
        ['idv-drop-off', 'idv-operations'].map((board) => [board, name, locale, size] as const),
      ),
    ),
  )('cuts no word of a drawing short: %s on a %s in %s', async (board, _, locale, size) => {
    const page = await openDrawn(`#/${board}`, size, locale);
    expect(await page.locator('.drawing svg text').count()).toBeGreaterThan(5);
    expect(await page.evaluate(cutTexts)).toEqual([]);
  });

  it.each(SIZES)('hides no row behind a fold, and says how many there are, on a %s', async (_, size) => {
    const page = await openDrawn('#/idv-drop-off', size);
    expect(await page.evaluate(folds)).toEqual([]);
    for (const id of ['latest-lost', 'factors']) {
      const table = chart(page, id);
      const rows = table.locator('tbody tr');
      const said = (await table.locator('.more').textContent()) ?? '';
      const [, shown = '', all = ''] = /Showing (\d+) of (\d+)/.exec(said) ?? [];
      expect(await rows.count()).toBe(Number(shown));
      expect(Number(all)).toBeGreaterThan(Number(shown));
      const button = table.getByRole('button', { name: `Show all ${all}` });
      await button.click();
      expect(await rows.count()).toBe(Number(all));
      expect(await page.evaluate('document.activeElement?.textContent')).toBe('Show fewer');
      expect(await page.evaluate(folds)).toEqual([]);
      await table.getByRole('button', { name: 'Show fewer' }).click();
      expect(await rows.count()).toBe(Number(shown));
    }
    expect(await chart(page, 'latest-lost').locator('.more').textContent()).toContain('of 50');
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth + 1')).toBe(true);
  });

  it.each(SIZES)(
    'lets its message go, by a button and by itself, and covers nothing with it, on a %s',
    async (_, size) => {
      const page = await openDrawn('#/idv-operations', size);
      // Nobody asked whether the charts are ready: that is for those who cannot see it.
      expect(await page.locator('#message').isVisible()).toBe(false);
      await page.clock.install();
      await lookUp(page, 'hksb7ba1b28130d24e015d694361bee4');
      await page.waitForSelector('.story');
      const message = page.locator('#message');
      await message.waitFor();
      expect(await page.evaluate(covered)).toEqual([]);
      await message.getByRole('button', { name: 'Close' }).click();
      expect(await message.isVisible()).toBe(false);
      await page.keyboard.press('Escape');
      await lookUp(page, 'hksb7ba1b28130d24e015d694361bee4');
      await message.waitFor();
      await page.clock.fastForward(30_000);
      await message.waitFor({ state: 'hidden' });
      // What went wrong stays until it was read.
      await lookUp(page, '<img src=x>');
      await message.waitFor();
      await page.clock.fastForward(30_000);
      expect(await message.textContent()).toContain('transactionId');
      await message.getByRole('button', { name: 'Close' }).click();
      expect(await message.isVisible()).toBe(false);
    },
  );

  /** What of the page lies under the message. */
  function covered(): string[] {
    const own = document.querySelector('#message')?.getBoundingClientRect();
    if (own === undefined) return ['no message'];
    return [...document.querySelectorAll('header, #controls, main > *')]
      .filter((part) => {
        const { left, right, top, bottom } = part.getBoundingClientRect();
        return left < own.right && own.left < right && top < own.bottom && own.top < bottom;
      })
      .map((part) => part.textContent?.slice(0, 40) ?? '');
  }

  it('says of each chart of Operations that labels do not narrow it, and narrows the others', async () => {
    const page = await openDrawn('#/idv-operations');
    const registered = async () =>
      Number(
        (await chart(page, 'ledger').locator('tbody tr').first().locator('td').last().textContent()) ?? '',
      );
    const all = await registered();
    expect(await page.locator('.unnarrowed').count()).toBe(0);
    await page.selectOption('[data-label="platform"]', 'ios');
    await ready(page);
    const some = await registered();
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all);
    const charts = page.locator('[data-chart]');
    expect(await charts.count()).toBeGreaterThan(5);
    expect(await page.locator('.unnarrowed').count()).toBe((await charts.count()) - 2);
    expect(await chart(page, 'pace').locator('.unnarrowed').isVisible()).toBe(true);
    expect(await chart(page, 'ledger').locator('.unnarrowed').count()).toBe(0);
  });

  it('leads from a rejected transaction to the others', async () => {
    const page = await openDrawn('#/idv-drop-off');
    await page.goto(`${url}/#/list?field=cause&value=rejected`);
    await page.waitForSelector('h1:has-text("Transactions: Rejected")');
    const count = await page.locator('tbody tr').count();
    expect(count).toBeGreaterThan(1);
    await page.locator('a.id').first().click();
    await page.waitForSelector('.story');
    await page.locator('.tags a:has-text("Rejected")').click();
    await page.waitForSelector('h1:has-text("Transactions: Rejected")');
    expect(await page.locator('tbody tr').count()).toBe(count);
  });
});
