import { SETTINGS } from '../../config/config';
import { setting, wholeNumber } from '../../config/setting';
import { runWorker } from '../run-worker';

/** A worker that opens something and then can't be started: as one does whose MySQL has tables of a newer release. */
runWorker(
  'worker without start',
  {
    title: 'A worker that can not be started.',
    usage: 'not at all',
    settings: {
      port: setting('PORT', '0', 'TCP port of health and metrics', wholeNumber(0, 65_535)),
      host: SETTINGS.host,
      apiKeys: SETTINGS.apiKeys,
      logLevel: SETTINGS.logLevel,
    },
    problemsOf: () => [],
  },
  () => {
    setInterval(() => undefined, 1_000);
    return Promise.reject(new Error('the tables are of a newer release'));
  },
);
