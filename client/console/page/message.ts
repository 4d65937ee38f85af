import { FailedCall } from './api.ts';
import { byId, element } from './dom.ts';
import { currentLanguage, type Word, word } from './words.ts';

/**
 * What the page tells its reader. A message is a line of the page's own, that covers nothing: good news leaves by
 * itself; what went wrong stays until it is closed or something else is asked for.
 */
const GOOD_NEWS_MS = 8_000;

let leaving: ReturnType<typeof setTimeout> | undefined;

/** For screen readers only: everybody else sees it. */
export function announce(text: string): void {
  byId('status').textContent = text;
}

export function showMessage(text: string, kind: 'good' | 'bad', again?: () => void): void {
  hideMessage();
  announce(text);
  const close = element('button', { type: 'button', click: hideMessage }, word('close'));
  byId('message').replaceChildren(
    element('p', { class: kind === 'bad' ? 'problem' : undefined }, text),
    ...(again === undefined ? [] : [element('button', { type: 'button', click: again }, word('tryAgain'))]),
    close,
  );
  byId('message').hidden = false;
  if (kind === 'good') leaving = setTimeout(hideMessage, GOOD_NEWS_MS);
}

export function hideMessage(): void {
  clearTimeout(leaving);
  const message = byId('message');
  // Whoever was on its button goes on from the top of what is shown.
  if (message.contains(document.activeElement)) byId('main').focus();
  message.hidden = true;
  message.replaceChildren();
}

const SERVICES: Readonly<Record<'sls' | 'lookup' | 'console', Word>> = {
  sls: 'theLogStore',
  lookup: 'theLookupFunction',
  console: 'theConsole',
};

/** Whether trying again may help: what the server itself refuses stays refused. */
export function mayPass(error: unknown): boolean {
  return error instanceof FailedCall && error.failure.problem !== undefined;
}

/** What failed, and what to do about it. */
export function explain(error: unknown): string {
  if (!(error instanceof FailedCall)) return error instanceof Error ? error.message : String(error);
  const { problem, service, at = '', reason = '', error: message } = error.failure;
  if (problem === undefined || service === undefined) return message ?? '';
  return word(problem, { service: word(SERVICES[service]), at, reason });
}

/** Stands in the place of what could not be loaded, with a button to try again. */
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
