import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FrameFile } from '../../src/storage/frame-file.ts';

describe('FrameFile', () => {
  let directory = '';
  let path = '';

  beforeEach(() => {
    directory = fs.mkdtempSync(join(tmpdir(), 'frame-file-'));
    path = join(directory, 'frames');
  });
  afterEach(() => {
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const open = () => {
    const seen: string[] = [];
    const file = FrameFile.open(path, (payload) => seen.push(payload.toString()));
    return { file, seen };
  };
  const write = (...texts: string[]) => {
    const { file } = open();
    for (const text of texts) file.append([Buffer.from(text)]);
    file.close();
  };

  it('shows what was appended, in order, and reads it by offset', () => {
    const { file } = open();
    const offset = file.append([Buffer.from('one '), Buffer.from('two')]);
    file.append([Buffer.from('three')]);
    expect(file.read(offset, 7).toString()).toBe('one two');
    file.close();
    const again = open();
    expect(again.seen).toEqual(['one two', 'three']);
    again.file.close();
  });

  it('cuts off a frame that was torn at any byte, and goes on after it', () => {
    write('first', 'second');
    const whole = fs.readFileSync(path);
    const firstFrame = 8 + 'first'.length;
    for (let size = 0; size < whole.length; size += 1) {
      fs.writeFileSync(path, whole.subarray(0, size));
      const { file, seen } = open();
      expect(seen).toEqual(size < firstFrame ? [] : ['first']);
      file.append([Buffer.from('third')]);
      file.close();
      const again = open();
      expect(again.seen).toEqual([...seen, 'third']);
      again.file.close();
    }
  });

  it('cuts off a last frame whose bytes are wrong', () => {
    write('first', 'second');
    const bytes = fs.readFileSync(path);
    bytes[bytes.length - 1] = 0;
    fs.writeFileSync(path, bytes);
    const { file, seen } = open();
    expect(seen).toEqual(['first']);
    file.close();
  });

  it('cuts off zeros at the end', () => {
    write('first');
    fs.appendFileSync(path, Buffer.alloc(5000));
    const { file, seen } = open();
    expect(seen).toEqual(['first']);
    expect(file.size).toBe(8 + 'first'.length);
    file.close();
  });

  it('refuses a file that is damaged before its end', () => {
    write('first', 'second');
    const bytes = fs.readFileSync(path);
    bytes[9] = (bytes[9] ?? 0) ^ 0xff;
    fs.writeFileSync(path, bytes);
    expect(open).toThrow(/frames is damaged at byte 0/);
  });

  it('reads frames that are longer than its window', () => {
    const long = 'x'.repeat(9 * 1024 * 1024);
    write('before', long, 'after');
    const { file, seen } = open();
    expect(seen.map((text) => text.length)).toEqual([6, long.length, 5]);
    file.close();
  });
});
