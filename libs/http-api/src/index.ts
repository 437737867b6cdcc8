export { HttpApiModule } from './http-api.module';
export { IntakeApiModule } from './intake/intake-api.module';
export type { ErasureSink, IntakeApiOptions, IntakeApiPorts } from './intake/intake-ports';
export type { MessageSink, MessageWriter, ReceivedBatch } from './messages/message-sink';
export { raise, StreamOffsets } from './requests/stream-offsets';
export type { StreamPositions } from './requests/stream-offsets';
export { serveOpenApi } from './openapi/serve-openapi.module';
export { MessageRate } from './operations/message-rate';
export * from './ports';
