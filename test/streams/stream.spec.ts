import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KafkaServer } from '../support/services/kafka-server';
import { describeWithServer } from '../support/services/with-server';
import { runStream } from './stream-run';

const TEST_MS_MAX = 400_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describeWithServer(`Messages of a real Kafka in the standalone process (SEED=${SEED})`, KafkaServer, (kafka) => {
  it(
    'count once each, however often it and Kafka are killed',
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'tessera-stream-'));
      try {
        const summary = await runStream(kafka(), path.join(folder, 'data'), {
          ...{ partitions: 4, messages: 20_000, cuids: 3_000, kills: 6, stops: 1, kafkaKills: 1, seed: SEED },
          say: () => undefined,
        });
        expect(summary.messages).toBeGreaterThanOrEqual(20_000);
        expect(summary.refused).toBeGreaterThan(1_000);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    TEST_MS_MAX,
  );
});
