import { FailedCall } from './api.ts';
import { byId, element } from './dom.ts';
import { currentLanguage, type Word, word } from './words.ts';

/**
 * Messages to the reader, on a line of their own that covers nothing. Good news disappears by itself; an error stays
 * until it is closed or the next request is made.
 */
const GOOD_NEWS_MS = 8_000;

let leaving: ReturnType<typeof setTimeout> | undefined;

/** For screen readers only. */
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
  // The focus on its button would be lost: it moves to the top of the content.
  if (message.contains(document.activeElement)) byId('main').focus();
  message.hidden = true;
  message.replaceChildren();
}

const SERVICES: Readonly<Record<'sls' | 'lookup' | 'console', Word>> = {
  sls: 'theLogStore',
  lookup: 'theLookupFunction',
  console: 'theConsole',
};

/** Whether trying again may help: what the server itself refuses, it will refuse again. */
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

/** Shown in place of what could not be loaded, with a button to try again. */
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
