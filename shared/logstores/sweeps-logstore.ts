/** Where the sweep reports its runs, and where the ledger finds how far it has come. */
export const SWEEPS_LOGSTORE = 'idv-sweeps';
