import { runWorker } from '@tessera/platform';
import { MAPPING_WORKER } from './config';
import { startMappingWorker } from './worker';

runWorker('mapping worker', MAPPING_WORKER, startMappingWorker);
