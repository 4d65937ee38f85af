import slsGateway from '@alicloud/gateway-sls';
import * as core from '@alicloud/openapi-core';
import * as sdk from '@alicloud/sls20201230';
import type { Target } from './target.ts';

/** CommonJS under ES modules: the class is the default of the default. */
function defaultOf<T>(module: T): T {
  return (module as { default?: T }).default ?? module;
}

export type SignatureVersion = 'v1' | 'v4';

function configFor(target: Target, signatureVersion: SignatureVersion): core.$OpenApiUtil.Config {
  return new core.$OpenApiUtil.Config({
    accessKeyId: target.accessKeyId,
    accessKeySecret: target.accessKeySecret,
    endpoint: target.endpoint,
    protocol: target.protocol,
    regionId: target.region,
    // The first query loads the engine, which takes its time on a busy machine.
    connectTimeout: 60_000,
    readTimeout: 60_000,
    ...(signatureVersion === 'v4' ? { signatureVersion } : {}),
  });
}

const SlsClient = defaultOf(sdk.default);
const CoreClient = defaultOf(core.default);
const SlsGateway = defaultOf(slsGateway);

/** `@alicloud/sls20201230` as anyone would set it up. */
export function createSdkClient(
  target: Target,
  signatureVersion: SignatureVersion = 'v1',
): InstanceType<typeof SlsClient> {
  return new SlsClient(configFor(target, signatureVersion));
}

class GatewayClient extends CoreClient {
  constructor(config: core.$OpenApiUtil.Config) {
    super(config);
    this._spi = new SlsGateway();
  }
}

export interface GatewayCall {
  action: string;
  method: string;
  pathname: string;
  project: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  reqBodyType?: string;
  bodyType: string;
}

export interface GatewayAnswer {
  headers: Record<string, string>;
  body: unknown;
}

/** The generic call of `@alicloud/openapi-core` through `@alicloud/gateway-sls`. */
export function createGatewayClient(
  target: Target,
  signatureVersion: SignatureVersion,
): (call: GatewayCall) => Promise<GatewayAnswer> {
  const client = new GatewayClient(configFor(target, signatureVersion));
  return async (call) => {
    const params = new core.$OpenApiUtil.Params({
      action: call.action,
      version: '2020-12-30',
      protocol: target.protocol.toUpperCase(),
      pathname: call.pathname,
      method: call.method,
      authType: 'AK',
      style: 'ROA',
      reqBodyType: call.reqBodyType ?? 'json',
      bodyType: call.bodyType,
    });
    const request = new core.$OpenApiUtil.OpenApiRequest({
      hostMap: { project: call.project },
      headers: call.headers ?? {},
      query: call.query ?? {},
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const answer = await client.execute(params, request, new (runtimeOptions())({}));
    return { headers: (answer.headers ?? {}) as Record<string, string>, body: answer.body as unknown };
  };
}

function runtimeOptions(): new (map: object) => Parameters<GatewayClient['execute']>[2] {
  return class {
    constructor(map: object) {
      Object.assign(this, map);
    }
  } as unknown as new (
    map: object,
  ) => Parameters<GatewayClient['execute']>[2];
}
