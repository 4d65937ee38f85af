import { describe, expect, it } from '@jest/globals';
import { negotiateCompression } from '../../src/envelope/compression.ts';
import { projectOfHost } from '../../src/envelope/request.ts';

describe('project of a host name', () => {
  it.each([
    ['my-project.ap-southeast-1.log.aliyuncs.com', 'my-project'],
    ['my-project.cn-hangzhou-intranet.log.aliyuncs.com:80', 'my-project'],
    ['my-project.cn-hangzhou.sls.aliyuncs.com', 'my-project'],
    ['my-project.localhost:9001', 'my-project'],
    ['my-project.127.0.0.1', 'my-project'],
    ['my-project.sls.test:80', 'my-project'],
    ['MY-Project.sls.test', 'my-project'],
  ])('%s: %s', (host, project) => {
    expect(projectOfHost(host)).toBe(project);
  });

  it.each([
    'ap-southeast-1.log.aliyuncs.com',
    'localhost:9001',
    '127.0.0.1:9001',
    'sls.test',
    '[::1]:9001',
    'sls',
  ])('%s names none', (host) => {
    expect(projectOfHost(host)).toBeUndefined();
  });
});

describe('compression of an answer', () => {
  it.each([
    ['lz4', 'lz4'],
    ['LZ4', 'lz4'],
    ['deflate', 'deflate'],
    ['gzip, deflate, br', 'gzip'],
    ['zstd, lz4', 'lz4'],
    ['gzip;q=0, deflate', 'deflate'],
  ])('%j: %s', (acceptEncoding, type) => {
    expect(negotiateCompression(acceptEncoding)).toBe(type);
  });

  it.each([undefined, '', 'identity', 'zstd'])('%j: none', (acceptEncoding) => {
    expect(negotiateCompression(acceptEncoding)).toBeUndefined();
  });
});
