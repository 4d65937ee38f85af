import { BIGINT, DOUBLE } from '../types.ts';
import type { Translate } from './definition.ts';

type Table = Readonly<Record<string, Translate>>;

function ranking(name: string): Translate {
  return (site) => {
    if (site.count !== 0) return site.refuse();
    return { sql: site.aggregate(name, []), type: BIGINT };
  };
}

function share(name: string): Translate {
  return (site) => {
    if (site.count !== 0) return site.refuse();
    return { sql: site.aggregate(name, []), type: DOUBLE };
  };
}

function ofFrame(name: string): Translate {
  return (site) => {
    if (site.count !== 1) return site.refuse();
    const { sql, type } = site.typed(0);
    return { sql: site.aggregate(name, [sql]), type };
  };
}

/** `lag(x[, rows[, otherwise]])` */
function offset(name: string): Translate {
  return (site) => {
    if (site.count < 1 || site.count > 3) return site.refuse();
    const { sql, type } = site.typed(0);
    const rows = site.count > 1 ? [site.as(1, BIGINT)] : [];
    const otherwise = site.count > 2 ? [site.as(2, type)] : [];
    return { sql: site.aggregate(name, [sql, ...rows, ...otherwise]), type };
  };
}

const ntile: Translate = (site) => {
  if (site.count !== 1) return site.refuse();
  return { sql: site.aggregate('ntile', [site.as(0, BIGINT)]), type: BIGINT };
};

const nthValue: Translate = (site) => {
  if (site.count !== 2) return site.refuse();
  const { sql, type } = site.typed(0);
  return { sql: site.aggregate('nth_value', [sql, site.as(1, BIGINT)]), type };
};

/** Functions that need OVER (…). */
export const WINDOW: Table = {
  cume_dist: share('cume_dist'),
  dense_rank: ranking('dense_rank'),
  first_value: ofFrame('first_value'),
  lag: offset('lag'),
  last_value: ofFrame('last_value'),
  lead: offset('lead'),
  nth_value: nthValue,
  ntile,
  percent_rank: share('percent_rank'),
  rank: ranking('rank'),
  row_number: ranking('row_number'),
};
