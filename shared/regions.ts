/**
 * Where ID Verification is offered. To add a region or change its limit, change this list; README.md and s.yaml repeat
 * it for people, and a test compares them. Data stays in its region. Regions and endpoints: the API page, https://www.alibabacloud.com/help/doc-detail/2879914.html, and for
 * Malaysia the endpoint map of the generated SDK `@alicloud/cloudauth-intl20220809`. `qpsLimit`: calls per second that
 * one API allows per account, all RAM users together, https://www.alibabacloud.com/help/es/ekyc/latest/api-overview.
 * All read 2026-11-23.
 */
export const REGIONS = [
  { region: 'ap-southeast-1', place: 'Singapore', qpsLimit: 10 },
  { region: 'cn-hongkong', place: 'Hong Kong (China)', qpsLimit: 10 },
  { region: 'ap-southeast-5', place: 'Jakarta (Indonesia)', qpsLimit: 3 },
  { region: 'ap-southeast-3', place: 'Kuala Lumpur (Malaysia)', qpsLimit: 3 },
] as const;

/** The hosts of `vpc` resolve only inside Alibaba Cloud, in networks of the same region. */
type Network = 'public' | 'vpc';

/** Returns undefined for a region where ID Verification is not offered. */
export function findRegion(region: string): (typeof REGIONS)[number] | undefined {
  return REGIONS.find((one) => one.region === region);
}

/** Hosts are named alike in all regions, so an unlisted one gets its likely host. */
export function cloudauthEndpoint(region: string, network: Network): string {
  return `cloudauth-intl${network === 'vpc' ? '-vpc' : ''}.${region}.aliyuncs.com`;
}

export function slsEndpoint(region: string, network: Network): string {
  return `${region}${network === 'vpc' ? '-intranet' : ''}.log.aliyuncs.com`;
}
