import type { TagDefinition, TagTypeDefinition } from '@tessera/tag-catalog';
import type { EngineState, TypeState } from './engine-state';
import type { EventState, PropertyState } from './events/event-state';
import { isOperator, type MessageShape, type OperandForm } from './storage/message-shape';
import type { TagState } from './tags/tag-state';

/** What a field of a profile or kv message does, with what it does it to. */
export interface FieldPlan {
  readonly op: 'set' | 'clear' | 'increment' | 'add' | 'remove';
  readonly isOperator: boolean;
  readonly form: OperandForm;
  readonly tag: TagState;
}

/** A property that an event sets. */
export interface PropertyPlan {
  readonly id: number;
  readonly form: OperandForm;
  readonly state: PropertyState;
}

/** What applying messages of one shape needs, looked up once a batch. */
export type MessagePlan =
  | {
      readonly kind: 'fields';
      readonly shape: MessageShape;
      readonly hasOperator: boolean;
      readonly type: TypeState;
      readonly fields: readonly FieldPlan[];
    }
  | {
      readonly kind: 'event';
      readonly shape: MessageShape;
      readonly events: EventState;
      readonly properties: readonly PropertyPlan[];
    };

export type FieldsPlan = Extract<MessagePlan, { kind: 'fields' }>;
export type EventPlan = Extract<MessagePlan, { kind: 'event' }>;

export function planMessages(state: EngineState, shape: MessageShape): MessagePlan {
  if (shape.type.kind === 'event') {
    const events = state.eventType(shape.type);
    const properties = shape.fields.map(({ field, form }) => ({ id: field.id, form, state: events.property(field) }));
    return { kind: 'event', shape, events, properties };
  }
  const type = state.type(shape.type.id);
  const fields = shape.fields.map(({ field, op, form }) => {
    const tag = type.tags.get(field.id) ?? type.tag(definitionOf(shape.type, field.id));
    return { op, isOperator: isOperator(op), form, tag };
  });
  return { kind: 'fields', shape, hasOperator: fields.some((field) => field.isOperator), type, fields };
}

function definitionOf(type: TagTypeDefinition, fieldId: number): TagDefinition {
  const tag = type.tags.find((candidate) => candidate.id === fieldId);
  if (tag === undefined) {
    throw new Error(`Field ${fieldId} is no tag of ${type.name}.`);
  }
  return tag;
}
