import { raise } from '@tessera/http-api';
import type { Erasure, ErasureSink, MessageSink, MessageWriter, ReceivedBatch, StreamOffsets } from '@tessera/http-api';
import { ERASE_TYPE, MESSAGE_BYTES_MAX, RAW_TOPIC } from '@tessera/ingest';
import { KafkaFailure } from '@tessera/kafka';
import type { GroupProducer, NewRecord, TopicEnds } from '@tessera/kafka';
import { StoreUnavailableError } from '@tessera/tag-catalog';
import type { Verdict } from '@tessera/tag-catalog';

/** Writes messages to `tags.raw`. The workers find out later which of them are stale or duplicate. */
export class TagsRawSink implements MessageSink, ErasureSink {
  readonly decides = false;

  constructor(
    private readonly producer: Pick<GroupProducer, 'write'>,
    private readonly offsets: StreamOffsets,
  ) {}

  begin(): MessageWriter {
    const reached = new Map<number, number>();
    let last: Promise<unknown> = Promise.resolve();
    return {
      write: (batch) => {
        // One after the other: behind a batch that failed nothing of the request is written, so what was taken is always its beginning.
        const written = last.then(() => this.#write(batch, reached));
        last = written;
        return written;
      },
      offset: () => this.offsets.issue(reached),
    };
  }

  async erase(cuid: string, arrivalMs: number): Promise<Erasure> {
    const message = { header: { type: ERASE_TYPE, cuid }, body: {} };
    // Known or not: that is found out behind what was written before.
    return { erased: true, offset: this.offsets.issue(await this.#send([recordOf(cuid, message, arrivalMs)])) };
  }

  async #write({ arrivalMs, messages, raw }: ReceivedBatch, reached: Map<number, number>): Promise<readonly Verdict[]> {
    const records = messages.map(({ cuid }, index) => recordOf(cuid, raw[index], arrivalMs));
    const verdicts = records.map(verdictOf);
    const ends = await this.#send(records.filter((_, index) => verdicts[index] === 'accepted'));
    for (const [partition, position] of ends) raise(reached, partition, position);
    return verdicts;
  }

  async #send(records: readonly NewRecord[]): Promise<TopicEnds> {
    try {
      return await this.producer.write(records);
    } catch (error) {
      const { message, retriable } = KafkaFailure.of(error);
      throw new StoreUnavailableError(`Kafka did not take the messages: ${message}`, retriable);
    }
  }
}

/** The timestamp is the time of arrival: it stands for the time of a message that has none, and retention is judged by it. */
function recordOf(cuid: string, message: unknown, arrivalMs: number): NewRecord {
  const { header, body } = message as { readonly header: unknown; readonly body: unknown };
  // The header in front: the mapping worker reads no further.
  const value = Buffer.from(JSON.stringify({ header, body }));
  return { topic: RAW_TOPIC, key: Buffer.from(cuid), value, headers: {}, timestampMs: arrivalMs };
}

/** What the mapping worker would refuse is refused here. */
function verdictOf({ value }: NewRecord): Verdict {
  const bytes = value?.length ?? 0;
  if (bytes <= MESSAGE_BYTES_MAX) return 'accepted';
  const detail = `the message has ${bytes} bytes, more than ${MESSAGE_BYTES_MAX}; send fewer fields at a time`;
  return { code: 'tooLarge', detail };
}
