import { byId, element } from './dom.ts';
import { word } from './words.ts';

/**
 * What became of something that the reader asked for: a line of the page's own, that covers nothing. Good news goes
 * by itself; what went wrong stays until it is closed or something else is asked for.
 */
const GOES_AFTER_MS = 8_000;

let leaving: ReturnType<typeof setTimeout> | undefined;

/** Only for those who have the page read to them: everybody else sees it. */
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
  if (kind === 'good') leaving = setTimeout(hideMessage, GOES_AFTER_MS);
}

export function hideMessage(): void {
  clearTimeout(leaving);
  const message = byId('message');
  // Whoever was on its button goes on from the top of what is shown.
  if (message.contains(document.activeElement)) byId('main').focus();
  message.hidden = true;
  message.replaceChildren();
}
