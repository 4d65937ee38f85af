import { describe, expect, it } from '@jest/globals';
import { cloudauthEndpoint, findRegion, REGIONS, slsEndpoint } from '../../../shared/regions.ts';

describe('the regions', () => {
  // Endpoints and quotas as Alibaba Cloud documents them.
  it.each([
    [
      'ap-southeast-1',
      10,
      'cloudauth-intl.ap-southeast-1.aliyuncs.com',
      'cloudauth-intl-vpc.ap-southeast-1.aliyuncs.com',
    ],
    [
      'cn-hongkong',
      10,
      'cloudauth-intl.cn-hongkong.aliyuncs.com',
      'cloudauth-intl-vpc.cn-hongkong.aliyuncs.com',
    ],
    [
      'ap-southeast-5',
      3,
      'cloudauth-intl.ap-southeast-5.aliyuncs.com',
      'cloudauth-intl-vpc.ap-southeast-5.aliyuncs.com',
    ],
    [
      'ap-southeast-3',
      3,
      'cloudauth-intl.ap-southeast-3.aliyuncs.com',
      'cloudauth-intl-vpc.ap-southeast-3.aliyuncs.com',
    ],
  ])('%s: %i calls a second at %s', (region, qpsLimit, publicHost, vpcHost) => {
    expect(findRegion(region)).toMatchObject({ region, qpsLimit });
    expect(cloudauthEndpoint(region, 'public')).toBe(publicHost);
    expect(cloudauthEndpoint(region, 'vpc')).toBe(vpcHost);
    expect(slsEndpoint(region, 'public')).toBe(`${region}.log.aliyuncs.com`);
    expect(slsEndpoint(region, 'vpc')).toBe(`${region}-intranet.log.aliyuncs.com`);
  });

  it('are these four, each with the name of its place', () => {
    expect(REGIONS).toHaveLength(4);
    for (const { region, place } of REGIONS) expect(place).not.toBe(region);
  });

  it('know no other', () => {
    expect(findRegion('eu-central-1')).toBeUndefined();
    expect(findRegion('us-east-1')).toBeUndefined();
  });
});
