import { asNumber, asObject, ControlRefused, onlyKnown } from '../http/control.ts';
import { chance, type Random } from './random.ts';
import { RETURN_CODES, type ReturnCode } from './return-codes.ts';

function isReturnCode(value: unknown): value is ReturnCode {
  return typeof value === 'string' && Object.hasOwn(RETURN_CODES, value);
}

/** What a planned call gets instead of the truth. */
export type PlannedAnswer =
  | { readonly kind: 'code'; readonly code: ReturnCode }
  /** reset: the connection is destroyed; hang: no response; garbage: 200, not JSON; empty: 200, no body. */
  | { readonly kind: 'reset' | 'hang' | 'garbage' | 'empty' }
  | {
      readonly kind: 'custom';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** A string is sent as it is, anything else as JSON. */
      readonly body: unknown;
    };

interface Rule {
  /** A transaction id, or `*`. */
  readonly match: string;
  timesLeft: number;
  readonly rate: number;
  readonly answer: PlannedAnswer;
}

const FAULTS = ['reset', 'hang', 'garbage', 'empty'] as const;

/** A list of rules. The first that matches, has times left and is drawn at its rate wins. */
export class Plan {
  readonly #rules: Rule[];

  constructor(rules: Rule[] = []) {
    this.#rules = rules;
  }

  /** @throws ControlRefused naming the rule that is wrong */
  static parse(value: unknown): Plan {
    if (!Array.isArray(value)) throw new ControlRefused('plan must be a list');
    return new Plan(value.map((rule, index) => parseRule(rule, `plan[${index}]`)));
  }

  /** Returns the planned answer to this call, or undefined for the truth. */
  next(transactionId: string, random: Random): PlannedAnswer | undefined {
    for (const rule of this.#rules) {
      if (rule.match !== '*' && rule.match !== transactionId) continue;
      if (rule.timesLeft <= 0 || !chance(random, rule.rate)) continue;
      rule.timesLeft -= 1;
      return rule.answer;
    }
    return undefined;
  }
}

function parseRule(value: unknown, name: string): Rule {
  const rule = asObject(value, name);
  onlyKnown(rule, ['match', 'times', 'rate', 'answer'], name);
  const { match, times = Number.MAX_SAFE_INTEGER, rate = 1, answer } = rule;
  if (typeof match !== 'string' || match === '') {
    throw new ControlRefused(`${name}.match must be a transaction id or "*"`);
  }
  if (rule.times !== undefined && rule.rate !== undefined) {
    throw new ControlRefused(`${name} has both times and rate`);
  }
  return {
    match,
    timesLeft: asNumber(times, `${name}.times`, { min: 0, whole: true }),
    rate: asNumber(rate, `${name}.rate`, { min: 0, max: 1 }),
    answer: parseAnswer(answer, `${name}.answer`),
  };
}

function parseAnswer(value: unknown, name: string): PlannedAnswer {
  if (typeof value === 'string') {
    const fault = FAULTS.find((known) => known === value);
    if (fault !== undefined) return { kind: fault };
    if (isReturnCode(value)) return { kind: 'code', code: value };
    throw new ControlRefused(
      `${name}: unknown answer; known are ${[...Object.keys(RETURN_CODES), ...FAULTS].join(', ')}`,
    );
  }
  const custom = asObject(value, name);
  onlyKnown(custom, ['status', 'headers', 'body'], name);
  const { status = 200, headers = {}, body } = custom;
  return {
    kind: 'custom',
    status: asNumber(status, `${name}.status`, { min: 200, max: 599, whole: true }),
    headers: parseHeaders(headers, `${name}.headers`),
    body,
  };
}

function parseHeaders(value: unknown, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asObject(value, name)).map(([header, text]) => {
      if (typeof text !== 'string' && typeof text !== 'number') {
        throw new ControlRefused(`${name}.${header} must be a string or a number`);
      }
      return [header.toLowerCase(), String(text)];
    }),
  );
}
