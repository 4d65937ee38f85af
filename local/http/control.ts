import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, sendJson } from './listen.ts';

/** A mistake in a body sent to `/_control`: the response is a 400 that names the member. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused';
}

const MAX_CONTROL_BYTES = 16 * 1024 * 1024;

interface ControlHandlers {
  /** What GET returns. */
  report(): unknown;
  /** Applies the body; must check all of it before it changes anything. @throws ControlRefused */
  apply(body: Readonly<Record<string, unknown>>): unknown;
}

/** Serves `/_control`: GET reports, POST sets. */
export async function serveControl(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: ControlHandlers,
): Promise<void> {
  if (request.method === 'GET') {
    sendJson(response, { status: 200, body: await handlers.report() });
    return;
  }
  if (request.method !== 'POST') {
    sendJson(response, { status: 405, headers: { allow: 'GET, POST' }, body: { error: 'GET or POST' } });
    return;
  }
  await runControl(response, async () => {
    const body = await readJsonObject(request);
    return (await handlers.apply(body)) ?? {};
  });
}

/** Runs a control action and sends what it returns; a refusal becomes a 400. */
export async function runControl(response: ServerResponse, act: () => Promise<unknown>): Promise<void> {
  try {
    sendJson(response, { status: 200, body: await act() });
  } catch (error) {
    if (!(error instanceof ControlRefused)) throw error;
    sendJson(response, { status: 400, body: { error: error.message } });
  }
}

/** @throws ControlRefused */
export async function readJsonObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const bytes = await readBody(request, MAX_CONTROL_BYTES, (message) => new ControlRefused(message));
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ControlRefused('the body is not JSON');
  }
  return asObject(value, 'the body');
}

/** @throws ControlRefused */
export function asObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ControlRefused(`${name} must be an object`);
  }
  return value as Record<string, unknown>;
}

/** @throws ControlRefused when `value` has a member that is not in `known` */
export function onlyKnown(value: Readonly<Record<string, unknown>>, known: readonly string[], name: string) {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new ControlRefused(`${name}: unknown name ${unknown.join(', ')}`);
}

/** @throws ControlRefused */
export function asNumber(
  value: unknown,
  name: string,
  range: { min: number; max?: number; whole?: boolean },
): number {
  const { min, max = Number.MAX_SAFE_INTEGER, whole = false } = range;
  const fits = typeof value === 'number' && value >= min && value <= max;
  if (!fits || (whole && !Number.isInteger(value))) {
    throw new ControlRefused(`${name} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
  }
  return value;
}
