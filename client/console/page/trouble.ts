import { element } from './dom.ts';
import { currentLanguage, type Word, word } from './words.ts';

/** What the console's server says of a service that did not answer. */
export interface Failure {
  readonly error?: string;
  readonly problem?: 'unreachable' | 'timeout' | 'refused' | 'unreadable';
  readonly reason?: string;
  readonly service?: 'sls' | 'lookup' | 'console';
  readonly at?: string;
}

export class FailedCall extends Error {
  override readonly name = 'FailedCall';
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.error ?? '', { cause });
    this.failure = failure;
  }
}

const SERVICES: Readonly<Record<NonNullable<Failure['service']>, Word>> = {
  sls: 'theLogStore',
  lookup: 'theLookupFunction',
  console: 'theConsole',
};

/** Whether asking again may help: what the server itself refuses stays refused. */
export function mayPass(error: unknown): boolean {
  return error instanceof FailedCall && error.failure.problem !== undefined;
}

/** What is not reachable, and what to do about it. */
export function explain(error: unknown): string {
  if (!(error instanceof FailedCall)) return error instanceof Error ? error.message : String(error);
  const { problem, service, at = '', reason = '', error: said } = error.failure;
  if (problem === undefined || service === undefined) return said ?? '';
  return word(problem, { service: word(SERVICES[service]), at, reason });
}

/** Says what failed in the place where something is missing, with a way to ask for it again. */
export function troubleNote(error: unknown, again: () => void): HTMLElement {
  return element(
    'div',
    { class: 'trouble' },
    element(
      'p',
      { class: 'problem', role: 'alert', lang: currentLanguage() },
      `${word('failed')}: ${explain(error)}`,
    ),
    element('button', { type: 'button', click: again }, word('tryAgain')),
  );
}
