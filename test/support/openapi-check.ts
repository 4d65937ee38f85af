import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** One request and what came back. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Operation {
  readonly responses: Readonly<
    Record<
      string,
      { readonly headers?: object; readonly content: Readonly<Record<string, { readonly schema: object }>> }
    >
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Strict about keywords: one that the checker does not know is an error, not a schema that everything fits. */
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true, validateFormats: false });
ajv.addKeyword('components');
const compiled = new WeakMap<object, ValidateFunction>();

/** What is wrong with a value, by path; empty when it is as a schema of the document says. */
export function schemaProblems(document: object, schema: object | undefined, value: unknown): string[] {
  if (schema === undefined) throw new Error('no schema to check against');
  const { components } = document as { components: object };
  const validate = compiled.get(schema) ?? ajv.compile({ components, allOf: [schema] });
  compiled.set(schema, validate);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const { additionalProperty } = params as { additionalProperty?: string };
    return `$${instancePath} ${message}${additionalProperty === undefined ? '' : `: ${additionalProperty}`}`;
  });
}

/** Where an answer differs from what the OpenAPI document promises for its path, method and status. */
export function openApiProblems(document: object, recorded: Recorded): string[] {
  const { method, path, statusCode, headers, body } = recorded;
  const name = `${method} ${path} ${statusCode}`;
  const { paths } = document as Document;
  const template = Object.keys(paths).find((candidate) => patternOf(candidate).test(path));
  const operation = template === undefined ? undefined : paths[template]?.[method.toLowerCase()];
  if (operation === undefined) return refusalProblems(recorded, template === undefined ? [404] : [401, 405]);
  const response = operation.responses[String(statusCode)];
  if (response === undefined) return [`${name}: the status is not in the document`];
  const type = headers['content-type']?.split(';')[0] ?? '';
  const content = response.content[type];
  if (content === undefined) return [`${name}: ${type} is not in the document`];
  return [
    ...schemaProblems(document, content.schema, JSON.parse(body)).map((problem) => `${name}: ${problem}`),
    ...retryAfterProblems(recorded).map((problem) => `${name}: ${problem}`),
  ];
}

/** A refusal of SLS says when to come again only if coming again may help; every other such status says it always. */
function retryAfterProblems({ statusCode, headers, body }: Recorded): string[] {
  if (![409, 429, 503].includes(statusCode)) return [];
  const { code, retryAfterSeconds } = JSON.parse(body) as { code?: string; retryAfterSeconds?: number };
  const header = headers['retry-after'];
  if (header === undefined && retryAfterSeconds === undefined)
    return code === 'SLS' ? [] : ['no Retry-After'];
  return header === String(retryAfterSeconds) ? [] : [`Retry-After is ${header}, not ${retryAfterSeconds}`];
}

/** What the document cannot list: paths and methods that are not there. */
function refusalProblems(
  { method, path, statusCode, headers }: Recorded,
  allowed: readonly number[],
): string[] {
  if (method === 'OPTIONS' && statusCode === 204)
    return headers.allow === undefined ? [`${path}: no Allow`] : [];
  if (method === 'HEAD') return [];
  return allowed.includes(statusCode) || statusCode === 401 || statusCode === 400
    ? []
    : [`${method} ${path}: ${statusCode}`];
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]*')}$`);
}
