/**
 * Where ID Verification listens. Regions and public names: the API page,
 * https://www.alibabacloud.com/help/doc-detail/2879914.html, and for Malaysia (ap-southeast-3) the endpoint map
 * of the generated SDK `@alicloud/cloudauth-intl20220809` (both read 2026-11-23).
 */
export const CLOUDAUTH_REGIONS = [
  'ap-southeast-1',
  'ap-southeast-5',
  'cn-hongkong',
  'ap-southeast-3',
] as const;
export type CloudauthRegion = (typeof CLOUDAUTH_REGIONS)[number];

/** `vpc` names resolve inside Alibaba Cloud only, in the region's own networks. */
export type CloudauthNetwork = 'public' | 'vpc';

export function isCloudauthRegion(region: string): region is CloudauthRegion {
  return (CLOUDAUTH_REGIONS as readonly string[]).includes(region);
}

/** The host of a region; the name follows the same rule everywhere, so an unlisted region gets its likely one. */
export function cloudauthEndpoint(region: string, network: CloudauthNetwork = 'public'): string {
  return `cloudauth-intl${network === 'vpc' ? '-vpc' : ''}.${region}.aliyuncs.com`;
}
