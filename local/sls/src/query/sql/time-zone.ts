/**
 * The zone in which the service shows times unless a query names another: UTC+8 in every region, as the results
 * in its documentation show (1592374067 is 2020-06-17 14:07:47; "Date and time functions", read 2026-11).
 */
export const SESSION_ZONE = 'Asia/Shanghai';

/** Asia/Shanghai has had no summer time since 1991. */
export const SESSION_OFFSET_SECONDS = 8 * 3600;
