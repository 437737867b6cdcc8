/** What went wrong, as far as it matters for what is to be done. */
export type FailureKind =
  /** Somebody else goes on with the transactional id: what was open is given up. */
  | 'fenced'
  /** A record is larger than the broker takes. */
  | 'tooLarge'
  | 'missingTopic'
  | 'other';

const KINDS: ReadonlyMap<unknown, FailureKind> = new Map([
  ['INVALID_PRODUCER_EPOCH', 'fenced'],
  ['PRODUCER_FENCED', 'fenced'],
  ['INVALID_PRODUCER_ID_MAPPING', 'fenced'],
  ['TRANSACTION_COORDINATOR_FENCED', 'fenced'],
  ['MESSAGE_TOO_LARGE', 'tooLarge'],
  ['RECORD_LIST_TOO_LARGE', 'tooLarge'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'missingTopic'],
]);

/** An error of the client or of the broker. */
export class KafkaFailure extends Error {
  override readonly name = 'KafkaFailure';

  constructor(
    readonly kind: FailureKind,
    /** The same may succeed later. */
    readonly retriable: boolean,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }

  /** Of whatever was thrown. The client wraps causes in one another: the innermost that says something counts. */
  static of(error: unknown): KafkaFailure {
    if (error instanceof KafkaFailure) return error;
    let kind: FailureKind = 'other';
    let retriable = true;
    for (let at = error; at instanceof Error; at = at.cause) {
      if ('type' in at) kind = KINDS.get(at.type) ?? kind;
      if ('retriable' in at && typeof at.retriable === 'boolean') ({ retriable } = at as { retriable: boolean });
    }
    const detail = error instanceof Error ? error.message : String(error);
    return new KafkaFailure(kind, kind === 'other' ? retriable : kind !== 'tooLarge', detail, { cause: error });
  }
}
