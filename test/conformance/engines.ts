import { embeddedFactory } from './embedded-under-test';
import type { EngineFactory } from './engine-under-test';
import { referenceFactory } from './reference-under-test';

/** Every engine that has to agree, the oracle first. */
export const ENGINES: readonly EngineFactory[] = [referenceFactory, embeddedFactory];
