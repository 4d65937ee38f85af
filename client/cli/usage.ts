import { CAUSES, DISPOSITIONS } from '../../shared/logstores/values.ts';

/** What `--help` prints, in general and for each command. */
export const USAGE = `Usage: idv-dropoff COMMAND [options]

  lookup ID            ask about one transaction now: its story and a timeline
  register ID          register one transaction
  backfill FILE        register every line of a .csv or .ndjson file; can be stopped and run again
  replay [ID...]       queue transactions again, such as those that were given up
  sweep                start one run of the sweep now
  ledger               what became of everything that was registered
  lateness             ask about a sample again after 2 and 24 hours: how many answers have changed?

Options of every command:
  --url URL            the trigger of the lookup function (IDV_URL; http://127.0.0.1:9000, the local cloud)
  --token TOKEN        bearer token, for AUTH=bearer (IDV_TOKEN)
  --auth sign|bearer|none
                       default: bearer with a token, none on this machine, else sign: a signature with the keys
                       that Alibaba Cloud's own tools would use (environment, ~/.alibabacloud, instance role)
  --json               one JSON document on standard output, for programs
  --help               the options of a command
  --version            the version, without a command

Exit codes
  0    all done
  1    something failed, was left out, or is lost: standard error says what and why
  2    the command line was wrong: nothing was done
  130  stopped by a signal`;

export const COMMAND_USAGE: Readonly<Record<string, string>> = {
  lookup: `Usage: idv-dropoff lookup ID [options]

  --merchant-biz-id M  as given to Initialize; default: as registered
  --initialized-at T   when the session was opened: unix ms, or ISO 8601 with a zone
  --zh                 the Chinese story and log lines`,
  register: `Usage: idv-dropoff register ID [options]

  --merchant-biz-id M  as given to Initialize
  --initialized-at T   when the session was opened: unix ms, or ISO 8601 with a zone
  --label KEY=VALUE    a dimension of your own; may be given up to 20 times`,
  backfill: `Usage: idv-dropoff backfill FILE.csv|FILE.ndjson [options]

  --rate N             transactions per second (200)
  --batch N            transactions per request, 1 to 1000 (200)
  --state FILE         where the progress is kept (FILE.progress.json)
  --rejects FILE       where to write the number of every line that was left out, and why
  --again              start again from the first line, although the file was finished or has changed

CSV: the first line names the columns: transactionId, merchantBizId, initializedAt, and labels.NAME for each label.
NDJSON: one object per line: {"transactionId", "merchantBizId"?, "initializedAt"?, "labels"?}.

Stop it at any time: run again, it goes on after the last batch that was stored. A batch whose response was lost is
sent again: a transaction may then be asked about twice, but none is missed. Lines that are not valid are reported by
number and left out; the exit code is then 1. A transaction that an earlier line had is registered again, and counted.
A quoted CSV field may hold line breaks; a label may not, so such a record is left out.

The sweep takes the queue in the order of arrival, so a large backfill delays what is registered after it: at 8 calls
a second, 20,000 transactions take 40 minutes. Nothing is lost by that, but choose a quiet hour, or split the file.`,
  replay: `Usage: idv-dropoff replay [ID...] [options]

Queues transactions again: those named, or those whose record fits. They are asked about half an hour later. If the
session has not changed, the new record has the same revision.

  --file FILE          ids, one per line
  --disposition D      whose record has this disposition: ${DISPOSITIONS.join(', ')}
  --cause C            whose record has this cause: ${CAUSES.slice(0, 8).join(', ')},
                       ${CAUSES.slice(8).join(', ')}
  --code C             whose last return code was this
  --from T, --to T     last asked about in this period (the last 24 hours)
  --limit N            at most this many of those that fit (1000); those named are all taken
  --dry-run            only print which

  --project P          the SLS project (SLS_PROJECT)
  --region R           its region (FC_REGION; ap-southeast-1)
  --sls-endpoint H     its host (SLS_ENDPOINT)`,
  sweep: 'Usage: idv-dropoff sweep [options]\n\nStarts one run; if another run is active, it ends at once.',
  ledger: `Usage: idv-dropoff ledger [options]

  --from T, --to T     registered in this period (the last 30 days, or as many as the queue keeps)

The exit code is 1 when the residual is not 0 (the sweep has passed transactions that have no final record), or when
SLS read only a part of the data, so that no number is exact.`,
  lateness: `Usage: idv-dropoff lateness [options]

Takes a sample of the sessions whose final record is 2 hours old, and one of those whose record is 24 hours old, asks
about each again, and reports how many answers have changed since. Each run takes a new sample.

  --sample N           transactions for each age (100)
  --hours LIST         ages (2,24)
  --window-minutes N   width of the window around each age (60)

  --project P          the SLS project (SLS_PROJECT)
  --region R           its region (FC_REGION; ap-southeast-1)
  --sls-endpoint H     its host (SLS_ENDPOINT)`,
};
