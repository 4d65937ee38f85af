import { ProblemError } from './response.ts';

/** `{name}` in the path is one segment. */
interface Route {
  readonly method: string;
  readonly path: string;
}

type RouteMatch<R extends Route> =
  | { readonly kind: 'found'; readonly route: R; readonly params: Readonly<Record<string, string>> }
  /** For OPTIONS: the response lists the methods. */
  | { readonly kind: 'options'; readonly path: string; readonly allow: string };

/**
 * Finds the route of a request. HEAD is allowed wherever GET is, OPTIONS everywhere.
 * @throws ProblemError ROUTE_NOT_FOUND; METHOD_NOT_ALLOWED with an Allow header; INPUT_INVALID for broken encoding
 */
export function createRouter<R extends Route>(
  routes: readonly R[],
): (method: string, rawPath: string) => RouteMatch<R> {
  const paths = [...new Set(routes.map(({ path }) => path))].map((path) => {
    const byMethod = new Map(
      routes.filter((route) => route.path === path).map((route) => [route.method, route]),
    );
    return { path, segments: path.split('/').slice(1), byMethod, allow: allowOf([...byMethod.keys()]) };
  });
  return (method, rawPath) => {
    const given = rawPath.split('/').slice(1);
    for (const { path, segments, byMethod, allow } of paths) {
      const params = matchSegments(segments, given);
      if (params === undefined) continue;
      if (method === 'OPTIONS') return { kind: 'options', path, allow };
      const route = byMethod.get(method === 'HEAD' ? 'GET' : method);
      if (route !== undefined) return { kind: 'found', route, params };
      throw new ProblemError('METHOD_NOT_ALLOWED', `This path takes ${allow}.`, {
        headers: { allow },
        logFields: { route: path },
      });
    }
    throw new ProblemError('ROUTE_NOT_FOUND', 'GET /v1/openapi.json lists what there is.');
  };
}

function allowOf(methods: readonly string[]): string {
  const taken = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...taken, 'OPTIONS'].join(', ');
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
