import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FlagError, parseFlags } from '../../local/flags.ts';
import { allChartsDrawn, openBrowser, storyShown } from '../support/browser.ts';
import { startLocalCloud } from '../support/local-cloud.ts';
import { runScript } from '../support/script.ts';

const USAGE = `Usage: npm run screenshots [-- FOLDER]

Makes the pictures of the README, and a phone's view beside each, in FOLDER (client/console/pictures).`;
const PICTURES = join(import.meta.dirname, '../../client/console/pictures');
const VIEWS = [
  ['drop-off', '#/idv-drop-off'],
  ['operations', '#/idv-operations'],
  ['transaction', '#/transactions/hksb7ba1b28130d24e015d694361bee4'],
] as const;
const SIZES = [
  ['', { width: 1280, height: 1480 }],
  ['-phone', { width: 390, height: 844 }],
] as const;

function readFolder(args: readonly string[]): string | 'help' {
  const { values, positionals } = parseFlags({
    args: [...args],
    options: { help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  const [folder = PICTURES, other] = positionals;
  if (other !== undefined) throw new FlagError(`one folder, not also "${other}"`);
  return values.help ? 'help' : folder;
}

async function run(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const cloud = await startLocalCloud({
    transactions: 2_000,
    env: { QPS_LIMIT: '400' },
    until: /Ctrl-C stops it/,
  });
  const browser = await openBrowser();
  try {
    for (const [suffix, viewport] of SIZES) {
      const context = await browser.newContext({ viewport, locale: 'en-GB', colorScheme: 'light' });
      for (const [name, hash] of VIEWS) {
        const page = await context.newPage();
        await page.goto(`http://127.0.0.1:${cloud.port + 3}/${hash}`);
        await page.waitForFunction(name === 'transaction' ? storyShown : allChartsDrawn, undefined, {
          timeout: 60_000,
        });
        const path = join(folder, `${name}${suffix}.png`);
        await page.screenshot({ path, fullPage: false });
        process.stdout.write(`${path}\n`);
        await page.close();
      }
      await context.close();
    }
  } finally {
    await browser.close();
    await cloud.stop();
  }
  return 0;
}

await runScript({ usage: USAGE, read: readFolder, run });
