import type { Deadline } from '../../shared/fc/deadline.ts';
import type { HttpRequest } from '../../shared/fc/event.ts';
import type { FcResponse } from '../../shared/fc/http.ts';
import type { Invoked } from '../../shared/fc/invoke.ts';
import type { Services } from './services.ts';

/** One request on its way through a route. */
export interface Call {
  readonly http: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly deadline: Deadline;
  /** Made when a route asks for them, so that health needs no keys. */
  readonly services: () => Services;
  /** Undefined where no sweep function is set up. */
  readonly startSweep: ((signal: AbortSignal) => Promise<Invoked>) | undefined;
}

export type RouteHandler = (call: Call) => Promise<FcResponse> | FcResponse;
