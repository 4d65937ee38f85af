import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FcResponse } from '../../shared/fc/response.ts';

/** A trigger URL in front of a handler: each request becomes an event as FC builds it. */
export interface TriggerServer {
  readonly url: string;
  /** Headers of every request, in order. */
  readonly requests: Array<{
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
  }>;
  /** Runs before the handler; a number is answered as a status at once, without it. */
  before: (count: number) => number | undefined;
  close(): Promise<void>;
}

type Handler = (event: unknown, context: unknown) => Promise<FcResponse>;

export async function openTriggerServer(handler: Handler, context: object): Promise<TriggerServer> {
  const requests: TriggerServer['requests'] = [];
  const trigger = { before: (_count: number): number | undefined => undefined };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const headers = request.headers as Record<string, string>;
    requests.push({ method: request.method ?? '', path: url.pathname, headers });
    const status = trigger.before(requests.length);
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const event = {
      version: 'v1',
      rawPath: url.pathname,
      body: (await bodyOf(request)).toString('utf8'),
      isBase64Encoded: false,
      headers,
      queryParameters: Object.fromEntries(url.searchParams),
      requestContext: { http: { method: request.method, path: url.pathname } },
    };
    const answer = await handler(Buffer.from(JSON.stringify(event)), context);
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(trigger, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
