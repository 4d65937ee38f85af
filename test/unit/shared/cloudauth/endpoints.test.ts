import { describe, expect, it } from '@jest/globals';
import {
  CLOUDAUTH_REGIONS,
  cloudauthEndpoint,
  isCloudauthRegion,
} from '../../../../shared/cloudauth/endpoints.ts';

describe('endpoints', () => {
  it.each([
    [
      'ap-southeast-1',
      'cloudauth-intl.ap-southeast-1.aliyuncs.com',
      'cloudauth-intl-vpc.ap-southeast-1.aliyuncs.com',
    ],
    [
      'ap-southeast-5',
      'cloudauth-intl.ap-southeast-5.aliyuncs.com',
      'cloudauth-intl-vpc.ap-southeast-5.aliyuncs.com',
    ],
    ['cn-hongkong', 'cloudauth-intl.cn-hongkong.aliyuncs.com', 'cloudauth-intl-vpc.cn-hongkong.aliyuncs.com'],
    [
      'ap-southeast-3',
      'cloudauth-intl.ap-southeast-3.aliyuncs.com',
      'cloudauth-intl-vpc.ap-southeast-3.aliyuncs.com',
    ],
  ])('%s', (region, publicHost, vpcHost) => {
    expect([cloudauthEndpoint(region), cloudauthEndpoint(region, 'vpc')]).toEqual([publicHost, vpcHost]);
    expect(CLOUDAUTH_REGIONS).toContain(region);
    expect(isCloudauthRegion(region)).toBe(true);
  });

  it('knows what it does not know', () => {
    expect(isCloudauthRegion('eu-central-1')).toBe(false);
  });
});
