import type { Rejection } from './message';
import type { ValueErrorCode } from './parse-value';

/** Codes of messages refused for what they are; docs/messages.md explains each. Stores and the HTTP layer have a few of their own. */
export type MessageErrorCode =
  | ValueErrorCode
  | 'invalidMessage'
  | 'unknownKey'
  | 'invalidHeader'
  | 'invalidType'
  | 'unknownType'
  | 'reservedType'
  | 'invalidCuid'
  | 'invalidTime'
  | 'timeTooEarly'
  | 'timeInFuture'
  | 'expired'
  | 'invalidId'
  | 'invalidBody'
  | 'emptyBody'
  | 'unknownField'
  | 'invalidName'
  | 'nameTaken'
  | 'cannotDeclare'
  | 'unknownOperator'
  | 'invalidOperator'
  | 'operatorNotAllowed'
  | 'emptyList';

export interface RejectedMessage {
  readonly kind: 'rejected';
  readonly rejection: Rejection;
}

export function reject(code: MessageErrorCode, detail: string): RejectedMessage {
  return { kind: 'rejected', rejection: { code, detail } };
}
