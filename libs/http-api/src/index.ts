export { HttpApiModule } from './http-api.module';
export { serveOpenApi } from './openapi/serve-openapi.module';
export { MessageRate } from './operations/message-rate';
export * from './ports';
