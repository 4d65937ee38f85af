import { ProblemError } from './problem.ts';

/** A path and what stands behind it, by method. `{name}` in the template is one segment. */
export interface Route<H> {
  readonly template: string;
  readonly methods: Readonly<Partial<Record<string, H>>>;
}

export type RouteMatch<H> =
  | {
      readonly kind: 'found';
      readonly template: string;
      readonly handler: H;
      readonly params: Readonly<Record<string, string>>;
      readonly head: boolean;
    }
  /** OPTIONS: the answer is the list of methods. */
  | { readonly kind: 'options'; readonly template: string; readonly allow: string };

/**
 * Finds the route of a request. HEAD is answered wherever GET is, OPTIONS everywhere.
 * @throws ProblemError ROUTE_NOT_FOUND; METHOD_NOT_ALLOWED with an Allow header; INPUT_INVALID for broken encoding
 */
export function createRouter<H>(
  routes: readonly Route<H>[],
): (method: string, rawPath: string) => RouteMatch<H> {
  const compiled = routes.map((route) => ({
    route,
    segments: route.template.split('/').slice(1),
    allow: allowOf(Object.keys(route.methods)),
  }));
  return (method, rawPath) => {
    const given = rawPath.split('/').slice(1);
    for (const { route, segments, allow } of compiled) {
      const params = matchSegments(segments, given);
      if (params === undefined) continue;
      const { template } = route;
      if (method === 'OPTIONS') return { kind: 'options', template, allow };
      const head = method === 'HEAD';
      const handler = ownMethod(route.methods, head ? 'GET' : method);
      if (handler !== undefined) return { kind: 'found', template, handler, params, head };
      throw new ProblemError('METHOD_NOT_ALLOWED', `This path takes ${allow}.`, {
        headers: { allow },
        logFields: { route: template },
      });
    }
    throw new ProblemError('ROUTE_NOT_FOUND', 'GET /v1/openapi.json lists what there is.');
  };
}

function allowOf(methods: readonly string[]): string {
  return [
    ...new Set([...methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS']),
  ].join(', ');
}

function ownMethod<H>(methods: Readonly<Partial<Record<string, H>>>, method: string): H | undefined {
  return Object.hasOwn(methods, method) ? methods[method] : undefined;
}

function matchSegments(
  template: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (template.length !== given.length) return undefined;
  const params: Record<string, string> = Object.create(null);
  for (const [index, segment] of template.entries()) {
    const value = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) {
      if (value !== segment) return undefined;
    } else {
      params[name] = decodeSegment(name, value);
    }
  }
  return params;
}

function decodeSegment(name: string, segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ProblemError('INPUT_INVALID', 'The path is not validly percent-encoded.', {
      issues: [{ path: name, message: 'must be percent-encoded UTF-8' }],
    });
  }
}
