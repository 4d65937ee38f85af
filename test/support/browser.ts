import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/**
 * The package's own arguments are for one page in one process, with web security off: they would end the browser
 * with its first window and hide what a real one refuses.
 */
const ARGUMENTS = [
  '--headless=shell',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];

/** The Chromium that comes with the npm packages: no other browser is looked for, so that a fresh machine has it. */
export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ARGUMENTS,
    headless: true,
  });
}

/** Only what the functions below use: they run in the page, where the tests themselves know no DOM. */
declare const document: {
  querySelector(selector: string): unknown;
  querySelectorAll(selector: string): Iterable<{ getAttribute(name: string): string | null }>;
  getElementById(id: string): { textContent: string | null } | null;
};

export function allChartsDrawn(): boolean {
  const charts = [...document.querySelectorAll('.chart')];
  const settled = [...document.querySelectorAll('main'), ...charts];
  return charts.length > 0 && settled.every((part) => part.getAttribute('aria-busy') === 'false');
}

export function storyShown(): boolean {
  return document.querySelector('.story') !== null;
}

export function statusNamesTheId(): boolean {
  return document.getElementById('status')?.textContent?.includes('transactionId') === true;
}
