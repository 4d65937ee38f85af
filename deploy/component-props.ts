import * as z from 'zod';
import {
  DEFAULT_DAYS_KEPT,
  MAX_DAYS_KEPT,
  MAX_SOURCE_DAYS,
  obeys,
  RETENTION_RULES,
  ruleMessage,
} from '../shared/logstores/retention.ts';
import { findRegion, REGIONS } from '../shared/regions.ts';
import { STORE_KEYS } from './logstores.ts';

/** The properties under `resources.sls.props` in s.yaml. */
const text = z.string();
/** A variable of s.yaml may give a number as text. */
const count = (max: number) => {
  const number = z.number().int().min(1).max(max);
  return z.union([
    number,
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number)
      .pipe(number),
  ]);
};
const days = count(MAX_DAYS_KEPT);

const schema = z.strictObject({
  region: text.min(1),
  /** 3 to 63 of a-z, 0-9 and -; unique among all customers of the region. */
  project: text.regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'must be 3 to 63 of a-z, 0-9 and -'),
  /** The functions' role: a name or an ARN. */
  role: text,
  /** The functions' names, for `info`. */
  functions: z.array(text).default([]),
  auth: z
    .looseObject({ trigger: z.looseObject({ authType: text }), check: z.enum(['trigger', 'bearer']) })
    .optional(),
  bearerTokenSha256: text.default(''),
  alertReceiver: text.default(''),
  leaseSeconds: count(3_600).default(60),
  /** Days for which ID Verification keeps a session's log: the functions' RETENTION_DAYS. */
  sourceRetentionDays: count(MAX_SOURCE_DAYS).default(DEFAULT_DAYS_KEPT.source),
  /** Days kept, by logstore. */
  retentionDays: z.partialRecord(z.enum(STORE_KEYS), days).optional(),
  /** Other hosts than the region's, with `http://` where it is not https. */
  slsEndpoint: text.default(''),
  ramEndpoint: text.default(''),
});

/** The placeholder in s.yaml. */
const KEY_TO_PUT = 'put-the-modulus';

/** The variables of s.yaml that an operator changes. */
const DAYS_KEPT = {
  source: 'vars.sourceRetentionDays',
  pending: 'vars.retentionDays.pending',
  records: 'vars.retentionDays.records',
  sweeps: 'vars.retentionDays.sweeps',
} as const;

export type ComponentProps = z.output<typeof schema>;

/** For `s verify`. */
export const PROPS_SCHEMA = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });

/** @throws Error with one line that names every bad property. */
export function parseProps(given: unknown): ComponentProps {
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const bad = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'props'}: ${message}`);
    throw new Error(`s.yaml, resources.sls.props: ${bad.join('; ')}`);
  }
  const { region, auth, bearerTokenSha256, role, slsEndpoint, sourceRetentionDays, retentionDays } =
    parsed.data;
  if (findRegion(region) === undefined && slsEndpoint === '') {
    const known = REGIONS.map((one) => `${one.region} (${one.place})`).join(', ');
    throw new Error(
      `ID Verification is not offered in region "${region}": set vars.region to one of ${known}`,
    );
  }
  if (role === '')
    throw new Error('vars.role is empty: create the role (README, "Deploy") and name it there');
  const isOpen = auth?.trigger.authType === 'anonymous';
  if (auth !== undefined && isOpen !== (auth.check === 'bearer')) {
    throw new Error(
      'vars.auth: an anonymous trigger goes with the check "bearer", every other with "trigger"; as it is, anybody could call the function, or nobody',
    );
  }
  if (isOpen && bearerTokenSha256 === '') {
    throw new Error(
      'vars.auth is bearer, and vars.bearerTokenSha256 is empty: nobody could call the function',
    );
  }
  const kept = { ...DEFAULT_DAYS_KEPT, ...retentionDays, source: sourceRetentionDays };
  const broken = RETENTION_RULES.filter((rule) => !obeys(rule, kept));
  if (broken.length > 0) {
    throw new Error(
      broken.map((rule) => `${DAYS_KEPT[rule.field]}: ${ruleMessage(rule, DAYS_KEPT)}`).join('; '),
    );
  }
  if (JSON.stringify(auth ?? {}).includes(KEY_TO_PUT)) {
    throw new Error(
      'vars.auth is jwt, and vars.authChoices.jwt still has no public key: put the modulus of yours there',
    );
  }
  return parsed.data;
}
