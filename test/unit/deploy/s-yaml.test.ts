import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SETTINGS } from '../../../shared/config.ts';

const text = readFileSync(new URL('../../../s.yaml', import.meta.url), 'utf8');

/** The keys of the one block `environmentVariables`: the lines that are indented deeper than it. */
function environmentKeys(): string[] {
  const [, indent = '', block = ''] = /^( +)environmentVariables:\n((?:\1 +.*\n)+)/m.exec(text) ?? [];
  return [...block.matchAll(new RegExp(`^${indent}  ([A-Z][A-Z0-9_]*):`, 'gm'))].map(([, key = '']) => key);
}

const CHOICES = [
  'region',
  'project',
  'role',
  'lookupFunction',
  'sweepFunction',
  'authChoices',
  'auth',
  'networkChoices',
  'network',
  'qpsLimit',
  'sweepQpsShare',
  'delaySeconds',
  'sourceRetentionDays',
  'retentionDays',
  'leaseSeconds',
  'timer',
  'logLevel',
  'alertReceiver',
];

describe('s.yaml', () => {
  it('sets exactly the settings that the functions read, and the log level', () => {
    expect(environmentKeys().sort()).toEqual([...Object.keys(SETTINGS), 'ALIYUN_FC_LOG_LEVEL'].sort());
  });

  it('has a comment on everything there is to choose', () => {
    const [, vars = ''] = /^vars:\n([\s\S]*?)^\S/m.exec(text) ?? [];
    const lines = vars.split('\n');
    const choices = lines.flatMap((line, i) => (/^ {2}[a-zA-Z]+:/.test(line) ? [i] : []));
    // A choice that follows another shares its comment (the two function names), or has one at its own end.
    const bare = choices.filter((i) => !/#/.test(`${lines[i - 1]}${lines[i]}`) && !choices.includes(i - 1));
    expect(choices.map((i) => lines[i]?.split(':')[0]?.trim())).toEqual(CHOICES);
    expect(bare.map((i) => lines[i])).toEqual([]);
  });
});
