import type { KafkaLog } from '@tessera/kafka';

/** Work that is tried again and again; says what is in its way once, not each time. */
export function quietly(failed: string, work: () => Promise<void>, log: KafkaLog): () => Promise<void> {
  let said = '';
  return async () => {
    try {
      await work();
      said = '';
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== said) log('warn', `${failed}: ${trouble}`);
      said = trouble;
    }
  };
}
