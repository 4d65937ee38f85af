import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/** The Chromium that comes with the npm packages: no other browser is looked for, so that a fresh machine has it. */
export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [
      ...chromium.args,
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    headless: true,
  });
}

/** Run in the page, so given as text: the tests themselves know no DOM. */
export const ALL_CHARTS_DRAWN =
  "[...document.querySelectorAll('.chart')].length > 0 && [...document.querySelectorAll('.chart')].every((chart) => chart.getAttribute('aria-busy') === 'false')";
export const STORY_SHOWN = "document.querySelector('.story') !== null";
