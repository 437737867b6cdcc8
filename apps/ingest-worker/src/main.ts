import { runWorker } from '@tessera/platform';
import { INGEST_WORKER } from './config';
import { startIngestWorker } from './worker';

runWorker('ingest worker', INGEST_WORKER, startIngestWorker);
