import { KafkaClient } from '../kafka-client';

/** Topics that a spec makes and fills. */
export class SpecTopics {
  readonly client: KafkaClient;
  #made = 0;

  /** @param broker host:port. @param prefix of the names; another one for each spec. */
  constructor(
    broker: string,
    private readonly prefix: string,
  ) {
    this.client = new KafkaClient({ brokers: [broker], clientId: 'test', log: () => undefined });
  }

  /** @returns its name. */
  async make(numPartitions: number): Promise<string> {
    const topic = `${this.prefix}-${this.#made++}`;
    const made = [{ topic, numPartitions, replicationFactor: 1 }];
    await this.client.withAdmin((admin) => admin.createTopics({ waitForLeaders: true, topics: made }));
    return topic;
  }

  async send(topic: string, partition: number, values: readonly string[]): Promise<void> {
    const producer = this.client.producer();
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
    await producer.disconnect();
  }
}
