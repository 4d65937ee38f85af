import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { instant, safeParse, safeParseInstant, safeParseTransaction } from '../../shared/api/transaction.ts';
import { WIDEST_WINDOWS } from '../../shared/logstores/retention.ts';
import { COMMAND_USAGE, USAGE } from './usage.ts';

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type OptionType = 'string' | 'boolean' | 'list';

const COMMON = { url: 'string', token: 'string', auth: 'string', json: 'boolean', help: 'boolean' } as const;
const SLS = { project: 'string', region: 'string', 'sls-endpoint': 'string' } as const;
const OPTIONS = {
  lookup: { 'merchant-biz-id': 'string', 'initialized-at': 'string', zh: 'boolean' },
  register: { 'merchant-biz-id': 'string', 'initialized-at': 'string', label: 'list' },
  backfill: { rate: 'string', batch: 'string', state: 'string', rejects: 'string', again: 'boolean' },
  replay: {
    file: 'string',
    disposition: 'string',
    cause: 'string',
    code: 'string',
    from: 'string',
    to: 'string',
    limit: 'string',
    'dry-run': 'boolean',
    ...SLS,
  },
  sweep: {},
  ledger: { from: 'string', to: 'string' },
  lateness: { sample: 'string', hours: 'string', 'window-minutes': 'string', ...SLS },
} as const satisfies Readonly<Record<string, Readonly<Record<string, OptionType>>>>;

export type CommandName = keyof typeof OPTIONS;

/** Options by name, as given. */
export interface CommandLine {
  readonly command: CommandName;
  readonly positionals: readonly string[];
  readonly text: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
  readonly list: (name: string) => readonly string[];
}

/** Returns a text to print instead where help or the version is asked for. @throws UsageError */
export function readCommandLine(args: readonly string[]): CommandLine | string {
  const [command = '', ...rest] = args;
  if (['', '--help', '-h'].includes(command)) return USAGE;
  if (command === 'help') return COMMAND_USAGE[rest[0] ?? ''] ?? USAGE;
  if (['--version', '-v'].includes(command)) return manifest.version;
  if (!Object.hasOwn(OPTIONS, command)) throw new UsageError(`there is no command "${command}"; try --help`);
  const name = command as CommandName;
  const options = { ...COMMON, ...OPTIONS[name] } as Readonly<Record<string, OptionType>>;
  const { values, positionals } = parse(rest, options);
  if (values.help === true) return COMMAND_USAGE[name] ?? USAGE;
  return {
    command: name,
    positionals,
    text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
    flag: (option) => values[option] === true,
    list: (option) => (Array.isArray(values[option]) ? values[option].map(String) : []),
  };
}

function parse(args: readonly string[], types: Readonly<Record<string, OptionType>>) {
  const options = Object.fromEntries(
    Object.entries(types).map(([name, type]) => [
      name,
      {
        ...(type === 'list' ? { type: 'string' as const, multiple: true } : { type }),
        ...(name === 'help' ? { short: 'h' } : {}),
      },
    ]),
  );
  const parsed = parseStrictly(args, options);
  for (const [name, value] of Object.entries(parsed.values))
    if (value === '') throw new UsageError(`--${name} needs a value`);
  return parsed;
}

function parseStrictly(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. ');
    throw new UsageError(message, { cause: error });
  }
}

/** @throws UsageError */
export function wholeOption(
  line: CommandLine,
  name: string,
  limits: { min: number; max: number; default: number },
): number {
  const text = line.text(name);
  if (text === undefined) return limits.default;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= limits.min && value <= limits.max)) {
    throw new UsageError(`--${name} must be a whole number from ${limits.min} to ${limits.max}`);
  }
  return value;
}

/** @throws UsageError */
export function onePositional(line: CommandLine, what: string): string {
  const [one, ...others] = line.positionals;
  if (one === undefined || one === '' || others.length > 0)
    throw new UsageError(`${line.command} takes one ${what}`);
  return one;
}

/** @throws UsageError */
export function noPositionals(line: CommandLine): void {
  const [one] = line.positionals;
  if (one !== undefined) throw new UsageError(`${line.command} takes no "${one.slice(0, 80)}"`);
}

/** One of a list of words. @throws UsageError that names them */
export function wordOption(line: CommandLine, name: string, words: readonly string[]): string | undefined {
  const text = line.text(name);
  if (text === undefined || words.includes(text)) return text;
  throw new UsageError(`--${name} cannot be "${text.slice(0, 80)}"; there are ${words.join(', ')}`);
}

/** From `--from` to `--to`, unix ms. @throws UsageError */
export function periodOptions(line: CommandLine): { fromMs: number | undefined; toMs: number | undefined } {
  const [fromMs, toMs] = [instantOption(line, 'from'), instantOption(line, 'to')];
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new UsageError('--from must be before --to');
  return { fromMs, toMs };
}

/** A time in the API's formats. */
function instantOption(line: CommandLine, name: string): number | undefined {
  const text = line.text(name);
  if (text === undefined) return undefined;
  const form = safeParse(instant, text);
  const time = form.ok ? safeParseInstant(text, name) : form;
  if (!time.ok) throw new UsageError(`--${name} ${time.issues.map(({ message }) => message).join('; ')}`);
  return time.value;
}

/** Names on the command line by member of the API's request. */
const NAMES: Readonly<Record<string, string>> = {
  transactionId: 'the transaction id',
  merchantBizId: '--merchant-biz-id',
  initializedAt: '--initialized-at',
};

/** The transaction in the API's format, checked as the API would check it. @throws UsageError */
export function transactionOf(
  line: CommandLine,
  nowMs: number,
  labels: Readonly<Record<string, string>> = {},
): {
  transactionId: string;
  merchantBizId?: string;
  initializedAt?: string;
  labels?: Record<string, string>;
} {
  const merchantBizId = line.text('merchant-biz-id');
  const initializedAt = line.text('initialized-at');
  const transaction = {
    transactionId: onePositional(line, 'transaction id'),
    ...(merchantBizId === undefined ? {} : { merchantBizId }),
    ...(initializedAt === undefined ? {} : { initializedAt }),
    ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
  };
  const parsed = safeParseTransaction(transaction, { nowMs, initializedMs: WIDEST_WINDOWS.initializedMs });
  if (parsed.ok) return transaction;
  throw new UsageError(
    parsed.issues.map(({ path, message }) => `${NAMES[path] ?? path} ${message}`).join('; '),
  );
}

/** @throws UsageError when there is no such file */
export async function inputFile(path: string): Promise<Stats> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new UsageError(`there is no file ${path}`, { cause: error });
  }
  if (stats.isDirectory()) throw new UsageError(`${path} is not a file`);
  return stats;
}
