/**
 * All tests of the folder as one, for mutation testing only: loading each file anew for each of some thousand
 * mutants takes five times as long as running them.
 */
import './client-log.test.ts';
import './judged-sessions.test.ts';
import './judgement.test.ts';
import './path.test.ts';
import './record.test.ts';
import './rows.test.ts';
import './session.test.ts';
import './story.test.ts';
import './words-and-numbers.test.ts';
