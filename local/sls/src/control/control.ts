import { ACTION_NAMES } from '../action/router.ts';
import { isSlsErrorCode } from '../envelope/error.ts';
import { isJsonObject, type JsonObject } from '../envelope/validate.ts';
import type { Catalog } from '../storage/catalog.ts';
import { type FaultEffect, FaultPlan, type FaultRule } from './fault.ts';
import { QUOTA_NAMES, type QuotaMeter, type QuotaName } from './quota.ts';

/** A control request that names something unknown or impossible; nothing of it was done. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

interface Change {
  apply(): void;
}

/**
 * Makes the server fail, lag and forget on demand, and counts what it was asked. For tests and for people who
 * want to see it fail; reachable on the loopback interface only, like the rest.
 *
 * A request is checked whole before any of it is done.
 */
export class Control {
  readonly faults: FaultPlan;
  readonly #catalog: Catalog;
  readonly #quotas: QuotaMeter;
  readonly #byAction = new Map<string, number>();
  #calls = 0;
  #latencyMs = 0;

  constructor(deps: { catalog: Catalog; quotas: QuotaMeter; random: () => number }) {
    this.#catalog = deps.catalog;
    this.#quotas = deps.quotas;
    this.faults = new FaultPlan(deps.random);
  }

  get latencyMs(): number {
    return this.#latencyMs;
  }

  count(action: string): void {
    this.#calls += 1;
    this.#byAction.set(action, (this.#byAction.get(action) ?? 0) + 1);
  }

  /** Authenticated calls since the start, and the rows of each logstore by its name. */
  report(): JsonObject {
    const rows: Record<string, number> = {};
    for (const logstore of this.#catalog.allLogstores()) {
      rows[logstore.name] = (rows[logstore.name] ?? 0) + logstore.rowCount;
    }
    return { calls: this.#calls, byAction: Object.fromEntries(this.#byAction), rows };
  }

  /** @throws ControlError */
  apply(body: unknown): void {
    if (!isJsonObject(body)) throw new ControlError('the body must be a JSON object');
    const changes = Object.entries(body).map(([name, value]) => this.#parse(name, value));
    for (const change of changes) change.apply();
  }

  #parse(name: string, value: unknown): Change {
    if (name === 'latencyMs') {
      const latencyMs = requireNumber(value, { name, min: 0, max: 600_000 });
      return {
        apply: () => {
          this.#latencyMs = latencyMs;
        },
      };
    }
    if (name === 'seed') {
      const seed = requireNumber(value, { name, min: 0, max: 0xffff_ffff });
      return { apply: () => this.faults.reseed(seed) };
    }
    if (name === 'fail') {
      const rules = parseRules(value);
      return { apply: () => this.faults.replace(rules) };
    }
    if (name === 'age') return this.#parseAge(value);
    if (name === 'quota') return this.#parseQuota(value);
    throw new ControlError(`unknown name: ${name}`);
  }

  #parseAge(value: unknown): Change {
    const age = requireNames(value, 'age', ['logstore', 'ms', 'project']);
    const ms = requireNumber(age.ms, { name: 'age.ms', min: 0, max: 1e13 });
    const found = this.#catalog
      .allLogstores()
      .filter((logstore) => logstore.name === age.logstore)
      .filter((logstore) => age.project === undefined || logstore.project === age.project);
    if (found.length === 0)
      throw new ControlError(`age.logstore: there is no logstore ${String(age.logstore)}`);
    return {
      apply: () => {
        for (const logstore of found) logstore.age(ms);
      },
    };
  }

  #parseQuota(value: unknown): Change {
    const given = requireNames(value, 'quota', QUOTA_NAMES);
    const quotas: Partial<Record<QuotaName, number | null>> = {};
    for (const [name, limit] of Object.entries(given) as Array<[QuotaName, unknown]>) {
      quotas[name] =
        limit === null ? null : requireNumber(limit, { name: `quota.${name}`, min: 0, max: 1e15 });
    }
    return { apply: () => this.#quotas.set(quotas) };
  }
}

function parseRules(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new ControlError('fail must be a list');
  return value.map((item, i) => parseRule(item, `fail[${i}]`));
}

function parseRule(value: unknown, name: string): FaultRule {
  const rule = requireNames(value, name, ['action', 'logstore', 'times', 'rate', 'answer']);
  const { action } = rule;
  if (typeof action !== 'string' || (action !== '*' && !ACTION_NAMES.has(action))) {
    throw new ControlError(`${name}.action: unknown action ${String(action)}`);
  }
  const logstore = rule.logstore ?? '*';
  if (typeof logstore !== 'string') throw new ControlError(`${name}.logstore must be a string`);
  if (rule.times !== undefined && rule.rate !== undefined) {
    throw new ControlError(`${name}: times and rate exclude each other`);
  }
  return {
    action,
    logstore,
    answer: parseEffect(rule.answer, name),
    ...(rule.times === undefined
      ? {}
      : { timesLeft: requireNumber(rule.times, { name: `${name}.times`, min: 0, max: 1e9 }) }),
    ...(rule.rate === undefined
      ? {}
      : { rate: requireNumber(rule.rate, { name: `${name}.rate`, min: 0, max: 1 }) }),
  };
}

function parseEffect(answer: unknown, name: string): FaultEffect {
  if (answer === 'reset' || answer === 'hang' || answer === 'garbage' || answer === 'dropAck') {
    return { kind: answer };
  }
  if (typeof answer === 'string' && isSlsErrorCode(answer)) return { kind: 'error', code: answer };
  throw new ControlError(`${name}.answer: unknown answer ${String(answer)}`);
}

function requireNames(value: unknown, name: string, known: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw new ControlError(`${name} must be a JSON object`);
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new ControlError(`${name}: unknown name: ${unknown.join(', ')}`);
  return value;
}

function requireNumber(value: unknown, rule: { name: string; min: number; max: number }): number {
  if (typeof value === 'number' && value >= rule.min && value <= rule.max) return value;
  throw new ControlError(`${rule.name} must be a number from ${rule.min} to ${rule.max}`);
}
