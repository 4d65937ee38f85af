import type { IncomingMessage } from 'node:http';
import { MAX_RAW_BODY_BYTES } from './compression.ts';
import { SlsError } from './error.ts';

/** One request as the actions see it. */
export interface SlsRequest {
  readonly method: string;
  /** As it arrived. */
  readonly rawPath: string;
  /** Decoded, without empty parts. */
  readonly path: readonly string[];
  readonly queryPairs: ReadonlyArray<readonly [string, string]>;
  /** The last value of each name. */
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  /** undefined: the request names none. */
  readonly project: string | undefined;
  readonly clientIp: string;
}

/**
 * Reads everything but the body. A request may be absolute-form (`GET http://project.endpoint/path`), which is
 * how clients talk to an HTTP proxy.
 * @throws SlsError BadRequest, MissingHost
 */
export function parseRequest(message: IncomingMessage): SlsRequest {
  const target = /^(?:https?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i.exec(message.url ?? '');
  const [, authority, rawPath = '', search = ''] = target ?? [];
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(',') : value);
  }
  const host = authority ?? headers.get('host');
  if (host === undefined || host === '') {
    throw new SlsError('MissingHost', 'Host does not exist in http header.');
  }
  const queryPairs = [...new URLSearchParams(search)];
  return {
    method: message.method ?? 'GET',
    rawPath: rawPath === '' ? '/' : rawPath,
    path: decodePath(rawPath),
    queryPairs,
    query: new Map(queryPairs),
    headers,
    project: headers.get('x-log-project') ?? projectOfHost(host),
    clientIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  };
}

function decodePath(rawPath: string): string[] {
  try {
    return rawPath.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw new SlsError('BadRequest', 'The path is not properly percent-encoded.');
  }
}

/**
 * The project in `<project>.<endpoint>`. The endpoint is not configured anywhere, so it is told by its form:
 * an address, `localhost`, `<region>.log.aliyuncs.com` (or sls), or any other name of two parts.
 */
export function projectOfHost(host: string): string | undefined {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  if (name.startsWith('[')) return undefined;
  const endpoint =
    /^(?:(.+)\.)?(?:\d{1,3}(?:\.\d{1,3}){3}|localhost|[^.]+\.(?:log|sls)\.aliyuncs\.com)$/.exec(name);
  if (endpoint !== null) return endpoint[1];
  const labels = name.split('.');
  return labels.length >= 3 ? labels[0] : undefined;
}

/**
 * Reads a body; one that is too large is refused before it is read to its end.
 * @throws SlsError PostBodyTooLarge, BadRequest when the client went away
 */
export function readBody(message: IncomingMessage): Promise<Buffer> {
  const declared = Number(message.headers['content-length'] ?? 0);
  // A compressed body can be longer than what it stands for, but never by much.
  const limit = MAX_RAW_BODY_BYTES + 1024 * 1024;
  if (declared > limit) return Promise.reject(tooLarge(declared));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      message.off('data', onData);
      reject(tooLarge(length));
    };
    message.on('data', onData);
    message.once('end', () => resolve(Buffer.concat(chunks, length)));
    message.once('close', () => {
      if (!message.complete) reject(new SlsError('BadRequest', 'The body ended before its declared length.'));
    });
    message.once('error', () => reject(new SlsError('BadRequest', 'The body could not be read.')));
  });
}

function tooLarge(size: number): SlsError {
  return new SlsError('PostBodyTooLarge', `Body size ${size} must little than ${MAX_RAW_BODY_BYTES}`);
}
