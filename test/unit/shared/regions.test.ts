import { readFileSync } from 'node:fs';
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

  it('are these four, in code, README and s.yaml', () => {
    const names = ['ap-southeast-1', 'cn-hongkong', 'ap-southeast-5', 'ap-southeast-3'];
    expect(REGIONS.map(({ region }) => region).sort()).toEqual([...names].sort());
    const root = new URL('../../../', import.meta.url);
    const readme = readFileSync(new URL('README.md', root), 'utf8');
    const settings = readFileSync(new URL('s.yaml', root), 'utf8');
    for (const { region, place, qpsLimit } of REGIONS) {
      expect(readme).toMatch(
        new RegExp(`^\\| \`${region}\` \\| ${place.replace(/[()]/g, '.')} .*\\| ${qpsLimit} \\|$`, 'm'),
      );
      expect(settings).toContain(region);
    }
  });

  it('know no other', () => {
    expect(findRegion('xx-nowhere-1')).toBeUndefined();
  });
});
