/** Whose account the local cloud is, and its one project. Keys and region: sls/src/host.ts. */
export const LOCAL_ACCOUNT_ID = '1234567890123456';
export const LOCAL_PROJECT = 'idv-local';
