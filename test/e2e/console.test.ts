import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { DASHBOARDS } from '../../shared/charts/dashboards.ts';
import { allChartsDrawn, openBrowser, statusNamesTheId } from '../support/browser.ts';
import { type RunningCloud, startLocalCloud } from '../support/local-cloud.ts';

/** The console as a person sees it: the real cloud behind it, a real browser in front. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Nothing is wrong with the seeded sessions. */
const MAY_BE_EMPTY = new Set(['contradictions', 'no-answer']);
const WIDTHS = [
  ['desktop', { width: 1360, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const;

describe('the console', () => {
  let cloud: RunningCloud;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    cloud = await startLocalCloud({
      transactions: 300,
      env: { QPS_LIMIT: '400' },
      until: /Ctrl-C stops it/,
    });
    url = `http://127.0.0.1:${cloud.port + 3}`;
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await cloud?.stop();
  });

  /** A page that fails the test on any console error, failed request or request to another host. */
  async function watchedPage(viewport: { width: number; height: number }) {
    const context = await browser.newContext({ viewport, locale: 'en-GB' });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
        problems.push(`left: ${request.url()}`);
    });
    return { page, problems, close: () => context.close() };
  }

  async function ready(page: Page) {
    await page.waitForFunction(allChartsDrawn, undefined, { timeout: 60_000 });
  }

  async function seriousViolations(page: Page): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: {
          run(): Promise<{
            violations: Array<{ id: string; impact: string; nodes: Array<{ html: string }> }>;
          }>;
        };
      };
      const { violations } = await axe.run();
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
    });
  }

  describe.each(WIDTHS)('on a %s', (_, viewport) => {
    it.each(DASHBOARDS.map((dashboard) => [dashboard.name, dashboard] as const))(
      'shows every chart of %s with data',
      async (name, dashboard) => {
        const { page, problems, close } = await watchedPage(viewport);
        await page.goto(`${url}/#/${name}`);
        await ready(page);
        for (const { id } of dashboard.sections.flatMap(({ charts }) => charts)) {
          const place = page.locator(`[data-chart="${id}"] .chart`);
          expect(await place.locator('.problem').allTextContents()).toEqual([]);
          if (MAY_BE_EMPTY.has(id)) continue;
          expect(`${id} ${await place.locator('svg, table, .figure').count()}`).not.toBe(`${id} 0`);
        }
        expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth + 1')).toBe(
          true,
        );
        expect(await seriousViolations(page)).toEqual([]);
        expect(problems).toEqual([]);
        await close();
      },
    );
  });

  it('filters by a label, and opens a lost transaction from a bar', async () => {
    const { page, problems, close } = await watchedPage(WIDTHS[0][1]);
    await page.goto(url);
    await ready(page);
    const opened = page.locator('[data-chart="headline-opened"] .figure');
    const all = Number((await opened.textContent())?.replace(/\D/g, ''));
    await page.selectOption('[data-label="platform"]', 'ios');
    await ready(page);
    const some = Number((await opened.textContent())?.replace(/\D/g, ''));
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all);
    const bar = page.locator('[data-chart="why-cause"] .chart');
    await bar.locator('summary').click();
    const lost = bar.locator('tbody tr').first();
    const count = Number(await lost.locator('td').nth(4).textContent());
    await lost.locator('button').click();
    await page.waitForSelector('h1:has-text("Transactions")');
    expect(await page.locator('tbody tr').count()).toBe(count);
    await page.locator('a.id').first().click();
    await page.waitForSelector('.story');
    expect(await page.locator('.story').textContent()).toMatch(/\w+ .*\w\./s);
    expect(await page.locator('.timeline li').count()).toBeGreaterThan(0);
    expect(await seriousViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await close();
  });

  it('names the page whose transactions it lists', async () => {
    const { page, problems, close } = await watchedPage(WIDTHS[0][1]);
    await page.goto(`${url}/#/list?field=stage&value=FACE`);
    await page.waitForSelector('h1:has-text("Transactions: Liveness (")');
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
    expect(problems).toEqual([]);
    await close();
  });

  it('looks a transaction up, and says what is wrong with a bad id', async () => {
    const { page, problems, close } = await watchedPage(WIDTHS[0][1]);
    await page.goto(url);
    await ready(page);
    await page.fill('#lookup-id', 'hksb7ba1b28130d24e015d694361bee4');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.story');
    expect(await page.locator('h1').textContent()).toBe('hksb7ba1b28130d24e015d694361bee4');
    expect(await page.locator('.timeline').count()).toBe(2);
    expect(await page.locator('.timeline').first().locator('li').count()).toBe(15);
    expect(await page.locator('.timeline').last().locator('li').count()).toBe(6);
    await page.fill('#lookup-id', '<img src=x>');
    await page.keyboard.press('Enter');
    await page.waitForFunction(statusNamesTheId);
    expect(problems.filter((text) => !text.includes('400'))).toEqual([]);
    await close();
  });

  it.each(DASHBOARDS.map(({ name }) => name))('has enough contrast in dark colours: %s', async (name) => {
    const { page, problems, close } = await watchedPage(WIDTHS[0][1]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await page.goto(`${url}/#/${name}`);
    await ready(page);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(18, 23, 29)');
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
    expect(await seriousViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await close();
  });

  it('is worked with the keyboard alone: filter, bar, transaction', async () => {
    const { page, problems, close } = await watchedPage(WIDTHS[0][1]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(url);
    await ready(page);
    await page.locator('#range').focus();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(
      "document.activeElement?.id === 'range' && document.activeElement.value === '2592000'",
    );
    await ready(page);
    expect(await page.evaluate('document.activeElement?.id')).toBe('range');
    const bar = page.locator('[data-chart="where-stage"] .chart');
    await bar.locator('summary').focus();
    await page.keyboard.press('Enter');
    await bar.locator('tbody button').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Transactions")');
    expect(await page.evaluate('document.activeElement?.id')).toBe('main');
    expect(await seriousViolations(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate("document.activeElement?.matches('a.id')")).toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.story');
    expect(await page.evaluate('document.activeElement?.id')).toBe('main');
    expect(await seriousViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await close();
  });

  it('speaks Chinese on request, and stays with it', async () => {
    const { page, problems, close } = await watchedPage(WIDTHS[1][1]);
    await page.goto(url);
    await ready(page);
    await page.click('#language');
    await page.waitForSelector('h1:has-text("流失分析")');
    await page.reload();
    await page.waitForSelector('h1:has-text("流失分析")');
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN');
    expect(problems).toEqual([]);
    await close();
  });

  it('is not served to a page that calls it by another name', async () => {
    const answer = await fetch(url, { headers: { host: 'evil.example' } }).catch((error: unknown) =>
      String(error),
    );
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(url, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toBeDefined();
    expect(status).toBe(403);
    expect((await fetch(url)).status).toBe(200);
  });
});
