import { loadConfig, REGIONS } from '../shared/config.ts';

/** Where ID Verification is offered, and under which names its services are reached. Data stays in its region. */
export interface RegionFacts {
  readonly region: string;
  readonly place: string;
  /** SLS from anywhere, and from inside Alibaba Cloud. */
  readonly slsEndpoint: string;
  readonly slsInternalEndpoint: string;
  readonly cloudauthEndpoint: string;
  readonly cloudauthInternalEndpoint: string;
  /** Calls per second that CheckVerifyLog allows the account. */
  readonly qpsLimit: number;
}

const PLACES: Readonly<Record<string, string>> = {
  'ap-southeast-1': 'Singapore',
  'cn-hongkong': 'Hong Kong (China)',
  'ap-southeast-5': 'Jakarta (Indonesia)',
  'ap-southeast-3': 'Kuala Lumpur (Malaysia)',
};

/** undefined for a region where ID Verification is not offered. */
export function regionFacts(region: string): RegionFacts | undefined {
  if (!REGIONS.includes(region)) return undefined;
  // The functions' own defaults, so that what is shown is what they use.
  const open = loadConfig({ SLS_PROJECT: 'any', FC_REGION: region });
  const internal = loadConfig({ SLS_PROJECT: 'any', FC_REGION: region, CLOUDAUTH_NETWORK: 'vpc' });
  return {
    region,
    place: PLACES[region] ?? region,
    slsEndpoint: open.slsEndpoint,
    slsInternalEndpoint: internal.slsEndpoint,
    cloudauthEndpoint: open.cloudauthEndpoint,
    cloudauthInternalEndpoint: internal.cloudauthEndpoint,
    qpsLimit: open.qpsLimit,
  };
}

export const REGION_TABLE: readonly RegionFacts[] = REGIONS.flatMap((region) => regionFacts(region) ?? []);
