import { DEFAULT_DAYS_KEPT, windowsOf } from '../../shared/logstores/retention.ts';

/** How far back everything looks where nothing else is set up. */
export const DEFAULT_WINDOWS = windowsOf(DEFAULT_DAYS_KEPT);
