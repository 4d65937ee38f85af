import { describe, expect, it } from '@jest/globals';
import { REGION_TABLE, regionFacts } from '../../../deploy/regions.ts';

describe('the regions', () => {
  // Endpoints and quotas as Alibaba Cloud documents them.
  it.each([
    ['ap-southeast-1', 10, 'cloudauth-intl.ap-southeast-1.aliyuncs.com'],
    ['cn-hongkong', 10, 'cloudauth-intl.cn-hongkong.aliyuncs.com'],
    ['ap-southeast-5', 3, 'cloudauth-intl.ap-southeast-5.aliyuncs.com'],
    ['ap-southeast-3', 3, 'cloudauth-intl.ap-southeast-3.aliyuncs.com'],
  ])('%s: %i calls a second at %s', (region, qpsLimit, cloudauthEndpoint) => {
    expect(regionFacts(region)).toMatchObject({
      region,
      qpsLimit,
      cloudauthEndpoint,
      cloudauthInternalEndpoint: cloudauthEndpoint.replace('intl.', 'intl-vpc.'),
      slsEndpoint: `${region}.log.aliyuncs.com`,
      slsInternalEndpoint: `${region}-intranet.log.aliyuncs.com`,
    });
  });

  it('are these four, each with the name of its place', () => {
    expect(REGION_TABLE).toHaveLength(4);
    for (const { region, place } of REGION_TABLE) expect(place).not.toBe(region);
  });

  it('know no other', () => {
    expect(regionFacts('us-east-1')).toBeUndefined();
  });
});
